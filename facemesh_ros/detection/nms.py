"""Non-maximum suppression that averages what it suppresses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facemesh_ros.geometry.boxes import iou_matrix
from facemesh_ros.types import FaceDetections


def weighted_nms(detections: FaceDetections, max_iou: float) -> FaceDetections:
    """Merge detections that overlap a better one into it, weighted by their scores.

    Args:
        detections: N candidates in any order.
        max_iou: Overlap from which two candidates are one face.

    Returns:
        The merged faces, best score first; each keeps its best candidate's score.

    Source: MediaPipe `non_max_suppression_calculator.cc`, WEIGHTED.
    """
    rest = detections[np.argsort(-detections.scores, kind='stable')]
    merged = []
    while len(rest):
        same = iou_matrix(rest.boxes_xyxy[:1], rest.boxes_xyxy)[0] > max_iou
        same[0] = True
        merged.append(_weighted_mean(rest[same]))
        rest = rest[~same]
    return stacked(merged) if merged else rest


def _weighted_mean(group: FaceDetections) -> FaceDetections:
    # A very negative logit is a score of exactly 0, and a sum of those divides nothing.
    scores = np.maximum(group.scores, np.finfo(np.float32).tiny)
    weights = scores / scores.sum()
    return FaceDetections(
        np.tensordot(weights, group.boxes_xyxy, axes=1)[None],
        np.tensordot(weights, group.keypoints, axes=1)[None],
        group.scores[:1],
    )


def stacked(parts: Sequence[FaceDetections]) -> FaceDetections:
    """Put detections behind one another; at least one part, which may be empty."""
    return FaceDetections(
        np.concatenate([part.boxes_xyxy for part in parts]),
        np.concatenate([part.keypoints for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )
