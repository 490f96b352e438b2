"""Faces in short: where each is and how large, without its landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.core.boxes import boxes_of_planes, planes
from facemesh_ros.core.structs import Rows, select
from facemesh_ros.core.types import Float32, Float64


@dataclass(frozen=True, slots=True)
class Outlines:
    """N faces.

    Attributes:
        centroids: (N, 2) px, the mean of the landmarks.
        boxes_xyxy: (N, 4) px, tight around the landmarks.
    """

    centroids: Float64
    boxes_xyxy: Float32

    def __len__(self) -> int:
        return len(self.centroids)

    def __getitem__(self, chosen: Rows | NDArray[np.bool_]) -> Outlines:
        return select(self, chosen)

    def moved(self, steps: Float64) -> Outlines:
        """Return the faces after (N, 2) px of way."""
        corners = np.concatenate([steps, steps], axis=1, dtype=np.float32)
        return Outlines(self.centroids + steps, self.boxes_xyxy + corners)


def outlines_of(points: Float32) -> Outlines:
    """Return the outlines of landmarks (N, L, 3) px."""
    xy = planes(points)
    centroids = xy.sum(axis=2, dtype=np.float64) / points.shape[1]
    return Outlines(centroids, boxes_of_planes(xy))
