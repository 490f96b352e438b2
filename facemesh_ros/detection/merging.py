"""Merging of detections: a face that several detection windows show is returned once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.detection.candidates import DUPLICATE_IOU
from facemesh_ros.geometry.boxes import overlaps, suppress_duplicates
from facemesh_ros.types import FaceDetections

# Containment above which two boxes are the same face.
MERGE_CONTAINMENT = 0.5


def merged(parts: Sequence[FaceDetections]) -> FaceDetections:
    """Merge the faces of several windows: of the same face the best score stays."""
    found = FaceDetections.concatenate(parts)
    return found[without_duplicates(found, np.zeros(len(found), bool))]


def without_duplicates(found: FaceDetections, is_candidate: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return indices of each face once, best score first.

    A candidate suppresses no smaller box within it, since it may not be a face.
    """
    order = np.argsort(-found.scores, kind='stable')
    boxes = found.boxes_xyxy[order]
    iou, containment = overlaps(boxes, boxes)
    is_same = containment > MERGE_CONTAINMENT
    return order[suppress_duplicates(np.where(is_candidate[order], iou > DUPLICATE_IOU, is_same))]
