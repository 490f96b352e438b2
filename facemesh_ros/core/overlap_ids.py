"""Ids of faces by plain overlap with the last frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.core.nms import iou_matrix
from facemesh_ros.core.types import Float32


class OverlapIds:
    """Gives each face the id of the face of the last frame that it overlaps most.

    Ids count up from 1 and are never given out twice, also not after `reset`.
    """

    def __init__(self) -> None:
        self._issued = 0
        self.reset()

    def reset(self) -> None:
        """Forget the faces of the last frame."""
        self._boxes = np.empty((0, 4), np.float32)
        self._ids = np.empty(0, np.int64)
        self._ages = np.empty(0, np.uint32)

    def assign(
        self, boxes_xyxy: Float32, min_iou: float
    ) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
        """Name the faces of the next frame.

        Args:
            boxes_xyxy: (N, 4) px.
            min_iou: Overlap above which a face keeps its id.

        Returns:
            (N,) ids and (N,) ages in frames, 1 for a new face.
        """
        ids = np.zeros(len(boxes_xyxy), np.int64)
        ages = np.ones(len(boxes_xyxy), np.uint32)
        for new, old in _best_pairs(iou_matrix(boxes_xyxy, self._boxes), min_iou):
            ids[new], ages[new] = self._ids[old], self._ages[old] + 1
        unnamed = ids == 0
        ids[unnamed] = self._issued + 1 + np.arange(unnamed.sum())
        self._issued += int(unnamed.sum())
        self._boxes, self._ids, self._ages = boxes_xyxy, ids, ages
        return ids, ages


def _best_pairs(overlaps: Float32, min_iou: float) -> list[tuple[int, int]]:
    """Pair rows with columns, best overlap first, each used once."""
    left = overlaps.copy()
    pairs = []
    while left.size and left.max() > min_iou:
        row, column = divmod(int(left.argmax()), left.shape[1])
        pairs.append((row, column))
        left[row], left[:, column] = -1, -1
    return pairs
