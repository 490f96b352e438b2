"""Places that may hold a face and wait for a closer look."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.detection.nms import stacked
from facemesh_ros.geometry.boxes import containment_matrix, iou_matrix
from facemesh_ros.types import NO_DETECTIONS, FaceDetections, Float32

# Intersection over union from which two hints are of one place.
SAME_PLACE = 0.5
# Part of a hint from which it belongs to a face that is known.
KNOWN = 0.5
# So many images later a hint is stale.
LIFETIME = 10
# So many images later a place that turned out to be nothing is worth another look: what looks like
# a face and is none does so in every sweep.
RETRY = 30


class CandidateQueue:
    """Hands out hints of a stream one by one, the best first, and none twice in a short time."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all hints."""
        self._waiting, self._waited = NO_DETECTIONS, np.empty(0, np.int64)
        self._tried_xyxy, self._tried_ago = NO_DETECTIONS.boxes_xyxy, np.empty(0, np.int64)

    def next(self, hints: FaceDetections, known_xyxy: Float32) -> FaceDetections:
        """Take in the hints of the next image and hand out the best of all.

        Args:
            hints: N new ones.
            known_xyxy: (M, 4) px, boxes of faces that are known.

        Returns:
            One hint, or none.
        """
        self._forget_old()
        hints = stacked([self._waiting, hints])
        waited = np.append(self._waited, np.zeros(len(hints) - len(self._waited), np.int64))
        tried = iou_matrix(hints.boxes_xyxy, self._tried_xyxy) > SAME_PLACE
        known = containment_matrix(hints.boxes_xyxy, known_xyxy) > KNOWN
        fresh: NDArray[np.bool_] = ~np.concatenate([tried, known], axis=1).max(
            axis=1, initial=False
        )
        self._waiting, self._waited = hints[fresh], waited[fresh]
        if not len(self._waiting):
            return NO_DETECTIONS
        best = int(self._waiting.scores.argmax())
        chosen = self._waiting[best : best + 1]
        self._tried_xyxy = np.concatenate([self._tried_xyxy, chosen.boxes_xyxy])
        self._tried_ago = np.append(self._tried_ago, 0)
        return chosen

    def _forget_old(self) -> None:
        self._waited += 1
        self._tried_ago += 1
        waiting, tried = self._waited <= LIFETIME, self._tried_ago <= RETRY
        self._waiting, self._waited = self._waiting[waiting], self._waited[waiting]
        self._tried_xyxy, self._tried_ago = self._tried_xyxy[tried], self._tried_ago[tried]
