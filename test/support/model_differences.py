"""Differences between two variants of the same models on the same pictures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.detection.blazeface import BlazeFace
from facemesh_ros.landmarks.face_mesh import FaceMesh
from facemesh_ros.types import FaceDetections, Frame, Rois

MIN_SCORE = MIN_PRESENCE = 0.5
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class DetectorDifferences:
    """Absolute differences between two detectors.

    Attributes:
        scores: (N,) of the faces that both find.
        corners_px: (N, 4) of their boxes, px of the image.
        lost: How many faces only the first finds.
        new: How many only the second finds.
    """

    scores: Floats
    corners_px: Floats
    lost: int
    new: int


@dataclass(frozen=True)
class LandmarkDifferences:
    """Differences between two landmark models, in the same crops.

    Attributes:
        offsets_px: (F, L) px of the image, of the F crops in which the first sees a face.
        crop_sides_px: (F,) sides of these crops.
        presences: (C,) absolute differences of all crops.
        points: Landmarks (F, L, 3) of either, px of the image.
    """

    offsets_px: Floats
    crop_sides_px: Floats
    presences: Floats
    points: tuple[Floats, Floats]


def detector_differences(
    frames: Iterable[Frame], first: BlazeFace, second: BlazeFace
) -> DetectorDifferences:
    """Run both detectors and compare their results."""
    scores: list[Floats] = [np.empty(0)]
    corners: list[Floats] = [np.empty((0, 4))]
    lost = new = 0
    for frame in frames:
        truth, found = first.detect(frame, MIN_SCORE), second.detect(frame, MIN_SCORE)
        one, other = _pairs(truth, found)
        scores.append(np.abs(truth.scores[one] - found.scores[other]))
        corners.append(np.abs(truth.boxes_xyxy[one] - found.boxes_xyxy[other]))
        lost, new = lost + len(truth) - len(one), new + len(found) - len(other)
    return DetectorDifferences(np.concatenate(scores), np.concatenate(corners), lost, new)


def _pairs(truth: FaceDetections, found: FaceDetections) -> tuple[list[int], list[int]]:
    """Indices of the detections of either whose centres are less than half a face apart."""
    one, other = [], []
    for index, box in enumerate(truth.boxes_xyxy):
        offsets = (found.boxes_xyxy[:, :2] + found.boxes_xyxy[:, 2:] - box[:2] - box[2:]) / 2
        distances = np.linalg.norm(offsets, axis=1)
        if len(found) and distances.min() < (box[2] - box[0]) / 2:
            one.append(index)
            other.append(int(distances.argmin()))
    return one, other


def landmark_differences(
    crops: Iterable[tuple[Frame, Rois]], first: FaceMesh, second: FaceMesh
) -> LandmarkDifferences:
    """Run both landmark models in the same crops and compare their results."""
    sides, presences, ours, theirs = [], [], [], []
    for frame, rois in crops:
        truth, found = first.predict(frame, rois), second.predict(frame, rois)
        faces = truth.presences > MIN_PRESENCE
        presences.append(np.abs(truth.presences - found.presences))
        sides.append(rois.sizes_wh[faces, 0])
        ours.append(truth.points[faces])
        theirs.append(found.points[faces])
    points = np.concatenate(ours), np.concatenate(theirs)
    offsets = np.linalg.norm((points[0] - points[1])[..., :2], axis=2)
    return LandmarkDifferences(offsets, np.concatenate(sides), np.concatenate(presences), points)
