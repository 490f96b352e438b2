"""The simplest tracker, as a baseline: a detector on every image and greedy overlap."""

from __future__ import annotations

import numpy as np
from cpu_models import cpu_session, detector
from identity_results import IdentifiedFaces
from numpy.typing import NDArray

from facemesh_ros.geometry.boxes import overlaps
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Float32, Frame

# IoU above which two boxes are the same face, and images for which a lost face is remembered.
MIN_IOU, MAX_MISSES = 0.3, 5


class BaselineTracker:
    """Gives each detection the id of the box in the last images that it overlaps most."""

    def __init__(self) -> None:
        self._detector = detector('short_range', cpu_session('short_range'))
        self._issued = 0
        self.reset()

    def reset(self) -> None:
        """Start a new stream."""
        self._boxes: Float32 = np.empty((0, 4), np.float32)
        self._ids = np.empty(0, np.int64)
        self._misses = np.empty(0, np.int64)

    def track(self, frame: Frame) -> IdentifiedFaces:
        """Process the next frame."""
        boxes = self._detector.detect(frame, 0.5)[: SensorSettings().max_faces].boxes_xyxy
        ids = self._matched(boxes)
        new = ids == 0
        ids[new] = self._issued + 1 + np.arange(new.sum())
        self._issued += int(new.sum())
        lost = ~np.isin(self._ids, ids) & (self._misses < MAX_MISSES)
        self._boxes = np.concatenate([boxes, self._boxes[lost]])
        self._misses = np.concatenate([np.zeros(len(ids), np.int64), self._misses[lost] + 1])
        self._ids = np.concatenate([ids, self._ids[lost]])
        return IdentifiedFaces(ids, boxes.astype(float), np.ones(len(ids), bool))

    def _matched(self, boxes: Float32) -> NDArray[np.int64]:
        ids = np.zeros(len(boxes), np.int64)
        ious = overlaps(boxes, self._boxes)[0]
        while ious.size and ious.max() > MIN_IOU:
            new, old = divmod(int(ious.argmax()), ious.shape[1])
            ids[new] = self._ids[old]
            ious[new, :] = ious[:, old] = 0
        return ids
