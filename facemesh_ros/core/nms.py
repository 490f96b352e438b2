"""Non-maximum suppression that averages what it suppresses."""

from __future__ import annotations

import numpy as np

from facemesh_ros.core.types import FaceDetections, Float32


def iou_matrix(boxes_xyxy: Float32, others_xyxy: Float32) -> Float32:
    """Intersection over union of each pair of boxes.

    Args:
        boxes_xyxy: (N, 4) px.
        others_xyxy: (M, 4) px.

    Returns:
        (N, M) in [0, 1]; 0 where both boxes are empty.
    """
    low = np.maximum(boxes_xyxy[:, None, :2], others_xyxy[None, :, :2])
    high = np.minimum(boxes_xyxy[:, None, 2:], others_xyxy[None, :, 2:])
    shared: Float32 = np.clip(high - low, 0, None).prod(axis=2)
    union = _areas(boxes_xyxy)[:, None] + _areas(others_xyxy)[None, :] - shared
    overlaps: Float32 = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return overlaps


def _areas(boxes_xyxy: Float32) -> Float32:
    sides = np.clip(boxes_xyxy[:, 2:] - boxes_xyxy[:, :2], 0, None)
    areas: Float32 = sides.prod(axis=1)
    return areas


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
    return _stacked(merged) if merged else rest


def _weighted_mean(group: FaceDetections) -> FaceDetections:
    # A very negative logit is a score of exactly 0, and a sum of those divides nothing.
    scores = np.maximum(group.scores, np.finfo(np.float32).tiny)
    weights = scores / scores.sum()
    return FaceDetections(
        np.tensordot(weights, group.boxes_xyxy, axes=1)[None],
        np.tensordot(weights, group.keypoints, axes=1)[None],
        group.scores[:1],
    )


def _stacked(parts: list[FaceDetections]) -> FaceDetections:
    return FaceDetections(
        np.concatenate([part.boxes_xyxy for part in parts]),
        np.concatenate([part.keypoints for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )
