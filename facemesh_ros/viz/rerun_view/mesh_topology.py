"""Which landmarks are joined, by a FaceMeshInfo; nothing that it says is taken on trust."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from facemesh_ros import consumer
from facemesh_ros.types import Float32

Indices = NDArray[np.int64]


class MeshTopology:
    """Lines, triangles and named points of the landmarks of one model.

    Attributes:
        names: Of its points; None while no info has come, or if it contradicts itself.
    """

    def __init__(self, info: Any | None) -> None:
        """Take the info; None while it has not come."""
        self._edges, self._contours, self._triangles = (
            _groups(getattr(info, name, ()), size)
            for name, size in (('edges', 2), ('contours', 2), ('triangles', 3))
        )
        self.names = _names(info) if info is not None else None

    def mesh_of(self, points: Float32) -> Float32:
        """Return the lines of the whole mesh, (n, 2, D), between (N, D) points."""
        return points[_among(self._edges, len(points))]

    def outlines_of(self, points: Float32) -> Float32:
        """Return the lines of eyes, brows, lips and oval, (n, 2, D), between (N, D) points."""
        return points[_among(self._contours, len(points))]

    def triangles_among(self, count: int) -> Indices:
        """Return (n, 3) the triangles of the first landmarks, counter-clockwise from outside."""
        return _among(self._triangles, count)


def normals_of(points: Float32, triangles: Indices) -> Float32:
    """Return the outer normal (N, 3) at each of (N, 3) points; zeros where there is no triangle.

    The mean of the triangles around it, weighted by their areas.
    """
    corners = points[triangles]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    sums = np.zeros((len(points), 3))
    for column in triangles.T:
        np.add.at(sums, column, across)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(sums / np.where(lengths > 0, lengths, 1.0), np.float32)


def _names(info: Any) -> consumer.NamedLandmarks | None:
    try:
        return consumer.NamedLandmarks(info)
    except ValueError:
        return None


def _groups(values: Any, size: int) -> Indices:
    flat = np.asarray(values, np.int64)
    return flat[: len(flat) // size * size].reshape(-1, size)


def _among(groups: Indices, count: int) -> Indices:
    return groups[((groups >= 0) & (groups < count)).all(axis=1)]
