"""What a result is worth: a face that is found, landmarks turned on a face, or a false face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ground_truth import Float64, compare_boxes, match_boxes
from sample_pictures import Picture

from facemesh_ros.types import Float32

# Landmarks whose up is further from the head's are on the wrong side of the face.
TURNED_DEG = 45.0
FOREHEAD, CHIN = 10, 152


@dataclass(frozen=True)
class Outcome:
    """Number of faces found, of faces with the landmarks turned on them, and of false faces."""

    found: int
    turned: int
    false: int


def outcome_of(
    picture: Picture,
    boxes_xyxy: Sequence[Sequence[float]],
    landmarks: Sequence[Sequence[Sequence[float]]] | Float32 = (),
) -> Outcome:
    """Compare results with a picture's true faces, boxes by `ground_truth.RULE`.

    Args:
        picture: With true faces, all turned by `quarters`.
        boxes_xyxy: (M, 4) px.
        landmarks: (M, L, 3) px; empty of systems that have only boxes.
    """
    boxes = np.array(boxes_xyxy, float).reshape(-1, 4)
    pairs = match_boxes(picture.faces, boxes)
    turned = 0
    if len(landmarks):
        angles = _angles_from_up(np.array(landmarks, float), picture.quarters)
        turned = sum(bool(angles[result] > TURNED_DEG) for _, result in pairs)
    false = len(compare_boxes(picture.faces, boxes.tolist()).false_boxes)
    return Outcome(len(pairs) - turned, turned, false)


def _angles_from_up(landmarks: Float64, quarters: int) -> Float64:
    """(M,) angle in the image between a face's up and that of the heads, degrees."""
    ups = landmarks[:, FOREHEAD, :2] - landmarks[:, CHIN, :2]
    turn = np.pi / 2 * quarters
    up = np.array([np.sin(turn), -np.cos(turn)])  # x right, y down
    cosines = ups @ up / np.maximum(np.linalg.norm(ups, axis=1), 1e-9)
    return np.asarray(np.degrees(np.arccos(np.clip(cosines, -1, 1))))
