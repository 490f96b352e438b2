"""Low-score candidates of a stream, confirmed one per image in a detection window of their own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.boxes import overlaps
from facemesh_ros.types import NO_DETECTIONS, FaceDetections, Float32

# IoU above which two candidates are the same.
DUPLICATE_IOU = 0.5
# Containment above which a candidate belongs to a face that is known.
KNOWN_CONTAINMENT = 0.5
# Images after which a candidate that waits is dropped.
LIFETIME_IMAGES = 10
# Images after which a rejected candidate may be tried again: what looks like a face and is none
# does so in every image.
RETRY_IMAGES = 30


class CandidateQueue:
    """Returns the candidates of a stream one by one, best first, none twice in a short time."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all candidates."""
        self._waiting, self._waiting_ages = NO_DETECTIONS, np.empty(0, np.int64)
        self._tried_xyxy, self._tried_ages = NO_DETECTIONS.boxes_xyxy, np.empty(0, np.int64)

    def next(self, candidates: FaceDetections, known_xyxy: Float32) -> FaceDetections:
        """Add the candidates of the next image and return the best of all.

        Args:
            candidates: N new ones.
            known_xyxy: (M, 4) px, boxes of faces that are known.

        Returns:
            One candidate, or none.
        """
        self._expire()
        waiting = FaceDetections.concatenate([self._waiting, candidates])
        if not len(waiting):
            return NO_DETECTIONS
        ages = np.append(self._waiting_ages, np.zeros(len(candidates), np.int64))
        tried, _ = overlaps(waiting.boxes_xyxy, self._tried_xyxy)
        _, known = overlaps(waiting.boxes_xyxy, known_xyxy)
        fresh: NDArray[np.bool_] = ~np.any(tried > DUPLICATE_IOU, axis=1)
        fresh &= ~np.any(known > KNOWN_CONTAINMENT, axis=1)
        self._waiting, self._waiting_ages = waiting[fresh], ages[fresh]
        if not len(self._waiting):
            return NO_DETECTIONS
        best = int(self._waiting.scores.argmax())
        chosen = self._waiting[best : best + 1]
        self._tried_xyxy = np.concatenate([self._tried_xyxy, chosen.boxes_xyxy])
        self._tried_ages = np.append(self._tried_ages, 0)
        return chosen

    def _expire(self) -> None:
        if len(self._waiting_ages):
            self._waiting_ages += 1
            young = self._waiting_ages <= LIFETIME_IMAGES
            self._waiting, self._waiting_ages = self._waiting[young], self._waiting_ages[young]
        self._tried_ages += 1
        recent = self._tried_ages <= RETRY_IMAGES
        self._tried_xyxy, self._tried_ages = self._tried_xyxy[recent], self._tried_ages[recent]
