"""Low-score candidates of a stream, confirmed one by one in a detection window of their own."""

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
# does so in every image. Before, only if it scores so many times better.
RETRY_IMAGES = 300
RETRY_SCORE_FACTOR = 1.25


class CandidateQueue:
    """Returns the candidates of a stream one by one, best first, none twice in a short time."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all candidates."""
        self._waiting, self._waiting_ages = NO_DETECTIONS, np.empty(0, np.int64)
        self._tried, self._tried_ages = NO_DETECTIONS, np.empty(0, np.int64)

    def add(self, candidates: FaceDetections, known_xyxy: Float32) -> None:
        """Add the candidates of the next image, and drop those that need no window any more.

        Args:
            candidates: N new ones.
            known_xyxy: (M, 4) px, boxes of faces that are known.
        """
        self._expire()
        waiting = FaceDetections.concatenate([self._waiting, candidates])
        if not len(waiting):
            return
        ages = np.append(self._waiting_ages, np.zeros(len(candidates), np.int64))
        fresh = ~(self.were_tried(waiting) | are_known(waiting, known_xyxy))
        self._waiting, self._waiting_ages = waiting[fresh], ages[fresh]

    def were_tried(self, candidates: FaceDetections) -> NDArray[np.bool_]:
        """Return (N,) whether each has had its turn lately, and scores hardly better now."""
        same, _ = overlaps(candidates.boxes_xyxy, self._tried.boxes_xyxy)
        no_better = candidates.scores[:, None] <= RETRY_SCORE_FACTOR * self._tried.scores
        tried: NDArray[np.bool_] = np.any((same > DUPLICATE_IOU) & no_better, axis=1)
        return tried

    def take(self, least_score: float = 0.0) -> FaceDetections:
        """Return the best candidate that waits, or none if it scores less."""
        if not self._waiting.scores.max(initial=-1.0) >= least_score:
            return NO_DETECTIONS
        best = int(self._waiting.scores.argmax())
        chosen = self._waiting[best : best + 1]
        self._waiting = self._waiting[np.arange(len(self._waiting)) != best]
        self._waiting_ages = np.delete(self._waiting_ages, best)
        self._tried = FaceDetections.concatenate([self._tried, chosen])
        self._tried_ages = np.append(self._tried_ages, 0)
        return chosen

    def _expire(self) -> None:
        """Let an image pass. The oldest come first: unless those are too old, none is."""
        for ages in (self._waiting_ages, self._tried_ages):
            if len(ages):
                ages += 1
        if len(self._waiting_ages) and self._waiting_ages[0] > LIFETIME_IMAGES:
            young = self._waiting_ages <= LIFETIME_IMAGES
            self._waiting, self._waiting_ages = self._waiting[young], self._waiting_ages[young]
        if len(self._tried_ages) and self._tried_ages[0] > RETRY_IMAGES:
            recent = self._tried_ages <= RETRY_IMAGES
            self._tried, self._tried_ages = self._tried[recent], self._tried_ages[recent]


def are_known(found: FaceDetections, known_xyxy: Float32) -> NDArray[np.bool_]:
    """Return (N,) whether each lies in a box of (M, 4) px of a face that is known."""
    _, containment = overlaps(found.boxes_xyxy, known_xyxy)
    known: NDArray[np.bool_] = np.any(containment > KNOWN_CONTAINMENT, axis=1)
    return known
