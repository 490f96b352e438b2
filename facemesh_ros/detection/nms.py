"""Non-maximum suppression that averages the candidates it merges."""

from __future__ import annotations

import numpy as np

from facemesh_ros.geometry.boxes import overlaps
from facemesh_ros.types import FaceDetections


def weighted_nms(detections: FaceDetections, max_iou: float) -> FaceDetections:
    """Merge candidates that overlap a better one: Σ sᵢ boxᵢ / Σ sᵢ, with their scores s.

    Args:
        detections: N candidates in any order.
        max_iou: IoU above which two candidates are the same face.

    Returns:
        The merged faces, best score first; each keeps its best candidate's score.

    Example: two candidates of one face.
        >>> boxes, keypoints = np.float32([(0, 0, 8, 8), (1, 0, 9, 8)]), np.zeros((2, 6, 2))
        >>> face = weighted_nms(FaceDetections(boxes, keypoints, np.float32([0.75, 0.25])), 0.5)
        >>> face.boxes_xyxy.tolist(), face.scores.tolist()
        ([[0.25, 0.0, 8.25, 8.0]], [0.75])

    Source: MediaPipe `non_max_suppression_calculator.cc`, WEIGHTED.
    """
    rest = detections[np.argsort(-detections.scores, kind='stable')]
    merged = []
    while len(rest):
        iou, _ = overlaps(rest.boxes_xyxy[:1], rest.boxes_xyxy)
        same = iou[0] > max_iou
        same[0] = True
        merged.append(_weighted_mean(rest[same]))
        rest = rest[~same]
    return FaceDetections.concatenate(merged)


def _weighted_mean(group: FaceDetections) -> FaceDetections:
    # A very negative logit is a score of exactly 0, and a sum of those divides nothing.
    scores = np.maximum(group.scores, np.finfo(np.float32).tiny)
    weights = scores / scores.sum()
    return FaceDetections(
        np.tensordot(weights, group.boxes_xyxy, axes=1)[None],
        np.tensordot(weights, group.keypoints, axes=1)[None],
        group.scores[:1],
    )
