"""Faces in short: where each is and how large, without its landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.boxes import boxes_from_xy, xy_planes
from facemesh_ros.struct_of_arrays import Rows, select
from facemesh_ros.types import Float32, Float64


@dataclass(frozen=True, slots=True)
class TrackBoxes:
    """N faces.

    Attributes:
        centroids: (N, 2) px, the mean of the landmarks.
        boxes_xyxy: (N, 4) px, tight around the landmarks.
    """

    centroids: Float64
    boxes_xyxy: Float32

    def __len__(self) -> int:
        return len(self.centroids)

    def __getitem__(self, chosen: Rows | NDArray[np.bool_]) -> TrackBoxes:
        return select(self, chosen)

    def moved(self, steps: Float64) -> TrackBoxes:
        """Return the faces after (N, 2) px of way."""
        corners = np.concatenate([steps, steps], axis=1, dtype=np.float32)
        return TrackBoxes(self.centroids + steps, self.boxes_xyxy + corners)


def track_boxes_from_landmarks(points: Float32) -> TrackBoxes:
    """Return the outlines of landmarks (N, L, 3) px."""
    xy = xy_planes(points)
    centroids = xy.sum(axis=2, dtype=np.float64) / points.shape[1]
    return TrackBoxes(centroids, boxes_from_xy(xy))
