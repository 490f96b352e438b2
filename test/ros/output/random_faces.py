"""Faces to be published."""

from __future__ import annotations

import numpy as np

from facemesh_ros.types import Faces, MetricFaces, Rois

LANDMARKS = 478


def random_faces(
    ids: list[int], seed: int, landmarks: int = LANDMARKS, blendshapes: int = 0
) -> Faces:
    """Faces of random numbers, in which every field differs."""
    random, count = np.random.default_rng(seed), len(ids)

    def some(*shape: int) -> np.ndarray:
        return random.normal(size=shape).astype(np.float32)

    return Faces(
        ids=np.array(sorted(ids), np.int64),
        states=random.integers(0, 3, count, np.uint8),
        ages=random.integers(1, 2**32, count, np.uint32),
        detection_scores=np.where(random.integers(0, 2, count), some(count), np.float32(np.nan)),
        presences=some(count),
        boxes_xyxy=some(count, 4),
        rois=Rois(some(count, 2), some(count, 2), some(count)),
        landmarks=some(count, landmarks, 3),
        raw_landmarks=some(count, landmarks, 3),
        jitters_px=some(count),
        blendshapes=some(count, blendshapes),
        metric=MetricFaces.unknown(count, landmarks),
        filtered=bool(random.integers(0, 2)),
    )
