"""Merging of detections: a face that several detection windows show is returned once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.detection.candidates import DUPLICATE_IOU
from facemesh_ros.geometry.boxes import overlaps, suppress_duplicates, tight_boxes
from facemesh_ros.types import FaceDetections, Float32

# Containment above which two boxes are the same face.
MERGE_CONTAINMENT = 0.5
# Detections turned against one another by more than this may show one face in two orientations, of
# which one is wrong, and may have the better score. Where both score so much, and the odds of one
# are at most so many times those of the other, both are returned, to be looked at in turn.
# With all rotations, of 66 faces in pictures turned by 0, 90, 180, 270 deg 65, 64, 64 and 64 are
# found with v2, instead of 64, 64, 63 and 63.
OTHER_ORIENTATION_RAD = np.radians(60)
OTHER_ORIENTATION_SCORE, OTHER_ORIENTATION_ODDS = 0.6, 3.0


def merged(parts: Sequence[FaceDetections]) -> FaceDetections:
    """Merge the faces of several windows: of the same face the best score stays.

    Of likely faces that windows show in different orientations each orientation stays.
    """
    found = FaceDetections.concatenate(parts)
    return found[without_duplicates(found, np.zeros(len(found), bool))]


def without_duplicates(found: FaceDetections, is_candidate: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return indices of each face once, or once in each orientation, best score first.

    A candidate suppresses no smaller box within it, since it may not be a face.
    """
    order = np.argsort(-found.scores, kind='stable')
    boxes = found.boxes_xyxy[order]
    iou, containment = overlaps(boxes, boxes)
    is_same = np.where(is_candidate[order], iou > DUPLICATE_IOU, containment > MERGE_CONTAINMENT)
    return order[suppress_duplicates(is_same & ~_orientations_differ(found[order]))]


def other_orientations(found: FaceDetections) -> NDArray[np.bool_]:
    """Return (N,) whether each shows what a better one shows, but turned differently."""
    _, containment = overlaps(found.boxes_xyxy, found.boxes_xyxy)
    is_better = np.tri(len(found), k=-1, dtype=bool)  # best score first
    same = (containment > MERGE_CONTAINMENT) & _orientations_differ(found) & is_better
    turned: NDArray[np.bool_] = same.any(axis=1)
    return turned


def shown_by(found: FaceDetections, points: Float32) -> NDArray[np.bool_]:
    """Return (N,) whether a detection is one of K faces with landmarks, (K, L, 3) px."""
    _, containment = overlaps(found.boxes_xyxy, tight_boxes(points))
    shown: NDArray[np.bool_] = np.any(containment > MERGE_CONTAINMENT, axis=1)
    return shown


def _orientations_differ(found: FaceDetections) -> NDArray[np.bool_]:
    """Return (N, N) whether two detections may be of one face, but turned differently."""
    is_likely = found.scores >= OTHER_ORIENTATION_SCORE
    odds = found.scores / np.maximum(1 - found.scores, 1e-6)
    is_worse = odds[:, None] * OTHER_ORIENTATION_ODDS < odds
    eye_lines = found.keypoints[:, 1] - found.keypoints[:, 0]
    angles = np.arctan2(eye_lines[:, 1], eye_lines[:, 0])
    differ: NDArray[np.bool_] = np.cos(angles[:, None] - angles) < np.cos(OTHER_ORIENTATION_RAD)
    differ &= is_likely[:, None] & is_likely & ~(is_worse | is_worse.T)
    return differ
