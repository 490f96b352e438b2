"""Where further looks of a stream have found no face, so that they are not repeated at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.boxes import overlaps
from facemesh_ros.types import Float32

# What looks like a face to a detector and is none does so in every image.
RETRY_NS = 3_000_000_000
# IoU above which two boxes are of one detection.
SAME_IOU = 0.5


class TriedDetections:
    """The boxes of detections that further looks have rejected lately."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all."""
        self._boxes_xyxy = np.empty((0, 4), np.float32)
        self._tried_ns = np.empty(0, np.int64)

    def are_due(self, boxes_xyxy: Float32, now_ns: int) -> NDArray[np.bool_]:
        """Return for (N, 4) boxes px whether none like it was rejected in the last seconds."""
        recent = now_ns - self._tried_ns < RETRY_NS
        self._boxes_xyxy, self._tried_ns = self._boxes_xyxy[recent], self._tried_ns[recent]
        iou, _ = overlaps(boxes_xyxy, self._boxes_xyxy)
        due: NDArray[np.bool_] = ~np.asarray((iou > SAME_IOU).any(axis=1))
        return due

    def add(self, boxes_xyxy: Float32, now_ns: int) -> None:
        """Remember (N, 4) boxes px that were rejected now."""
        self._boxes_xyxy = np.concatenate([self._boxes_xyxy, boxes_xyxy])
        self._tried_ns = np.append(self._tried_ns, np.full(len(boxes_xyxy), now_ns, np.int64))
