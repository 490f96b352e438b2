"""Known faces where they are expected, beside those that are seen: how their boxes overlap."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.boxes import box_centres, box_sizes, overlaps
from facemesh_ros.struct_of_arrays import Indices
from facemesh_ros.tracking.track_boxes import TrackBoxes
from facemesh_ros.types import Float32

# Part of the smaller of two boxes from which they are of one face.
SAME_FACE = 0.7
# Part of the smaller of two boxes from which one face may hide some of the other. There landmarks
# slide from one to the other or lie on half of each.
CROWDED = 0.1
# The same from which somebody who is not seen is taken to be behind the other.
BEHIND = 0.3


class PairwiseOverlaps:
    """T known faces and N that are seen.

    Attributes:
        expected: The T, where they are expected.
        seen: The N.
        centres: (T + N, 2) px, of all their boxes, those expected first.
        sizes: (T + N,) px.
    """

    def __init__(self, expected: TrackBoxes, seen: TrackBoxes) -> None:
        self.expected, self.seen = expected, seen
        boxes = np.concatenate([expected.boxes_xyxy, seen.boxes_xyxy])
        self.centres, self.sizes = box_centres(boxes), box_sizes(boxes)
        self._boxes = boxes

    @cached_property
    def _overlaps(self) -> tuple[Float32, Float32]:
        return overlaps(self._boxes, self._boxes)

    def apart(self, limit: float) -> bool:
        """Tell, of N that are expected and N that are seen, whether all but pairs are apart.

        Args:
            limit: Part of the smaller of two boxes that both may share.
        """
        count = len(self.seen)
        if count < 2:
            return True
        contained = self._overlaps[1].reshape(2, count, 2, count).max(axis=(0, 2))
        np.fill_diagonal(contained, 0)
        return bool(contained.max() <= limit)

    def crowded(self, met: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Tell for (T, N) pairs whether another known face overlaps the one that is seen.

        Args:
            met: (T, T) whether one of two may hide the other, see `Tracks.met`.
        """
        known = len(self.expected)
        claims = self._overlaps[1][:known, known:] > CROWDED
        others = met & ~np.eye(known, dtype=bool)
        crowded: NDArray[np.bool_] = others @ claims
        return crowded

    def same(self, places: Indices, min_iou: float) -> NDArray[np.bool_]:
        """Tell for (K, K) pairs of those seen whether both are one face."""
        of_seen = places + len(self.expected)
        pairs = of_seen[:, None], of_seen
        iou, contained = self._overlaps
        return same_face(iou[pairs], contained[pairs], min_iou)

    def alone(self, places: Indices, missed: Indices) -> NDArray[np.bool_]:
        """Tell for K of those seen whether none of them, and none who is missed, overlaps it."""
        of_seen = places + len(self.expected)
        everybody = np.concatenate([of_seen, missed])
        neighbours = (self._overlaps[1][of_seen[:, None], everybody] > CROWDED).sum(axis=1)
        alone: NDArray[np.bool_] = neighbours == 1
        return alone

    def hidden(
        self, places: Indices, missed: Indices, met: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Tell which of M missed are taken to be behind one of K seen, (M, K) of whom they met."""
        parts = self._overlaps[1][missed[:, None], places + len(self.expected)]
        hidden: NDArray[np.bool_] = ((parts > BEHIND) & met).max(axis=1, initial=False)
        return hidden


def same_face(iou: Float32, contained: Float32, min_iou: float) -> NDArray[np.bool_]:
    """Tell whether two boxes are of one face, from their `overlaps`."""
    same: NDArray[np.bool_] = (iou > min_iou) | (contained > SAME_FACE)
    return same
