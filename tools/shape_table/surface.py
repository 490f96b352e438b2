"""Closest points on a triangle mesh, and paths along its edges."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Ints = NDArray[np.int64]

# Triangles, nearest by their centres, among which the closest point is looked for.
CANDIDATES = 200


def closest_points(points: Float64, vertices: Float64, triangles: Ints) -> tuple[Ints, Float64]:
    """Return the triangle (N,) and barycentric coordinates (N, 3) of the closest points."""
    corners = vertices[triangles]
    centres = corners.mean(axis=1)
    found = np.empty(len(points), np.int64)
    weights = np.empty((len(points), 3))
    for index, point in enumerate(points):
        near = np.argpartition(((centres - point) ** 2).sum(axis=1), CANDIDATES)[:CANDIDATES]
        barycentric = _closest_barycentric(point, *corners[near].transpose(1, 0, 2))
        on_surface = (corners[near] * barycentric[:, :, None]).sum(axis=1)
        best = np.argmin(((on_surface - point) ** 2).sum(axis=1))
        found[index], weights[index] = near[best], barycentric[best]
    return found, weights


def _closest_barycentric(point: Float64, a: Float64, b: Float64, c: Float64) -> Float64:
    """Return the barycentric coordinates (T, 3) of the closest point of each triangle."""
    normals = np.cross(b - a, c - a)
    areas = (normals**2).sum(axis=1)
    third = (np.cross(b - a, point - a) * normals).sum(axis=1) / areas
    second = (np.cross(point - a, c - a) * normals).sum(axis=1) / areas
    inside = np.stack([1 - second - third, second, third], axis=1)
    ab, bc, ca = (_along(point, *side) for side in ((a, b), (b, c), (c, a)))
    zero = np.zeros_like(ab)
    sides = np.stack(
        [
            np.stack([1 - ab, ab, zero], axis=1),
            np.stack([zero, 1 - bc, bc], axis=1),
            np.stack([ca, zero, 1 - ca], axis=1),
        ]
    )
    on_sides = sides[..., :1] * a + sides[..., 1:2] * b + sides[..., 2:] * c
    nearest = np.argmin(((on_sides - point) ** 2).sum(axis=2), axis=0)
    outside = sides[nearest, np.arange(len(a))]
    is_inside = np.min(inside, axis=1, keepdims=True) >= 0
    closest: Float64 = np.where(is_inside, inside, outside)
    return closest


def _along(point: Float64, start: Float64, end: Float64) -> Float64:
    """Return how far along each side its point closest to `point` is, in [0, 1]."""
    sides = end - start
    along: Float64 = ((point - start) * sides).sum(axis=1) / (sides**2).sum(axis=1)
    return np.clip(along, 0, 1)


class EdgePaths:
    """Shortest paths along the edges of a mesh."""

    def __init__(self, vertices: Float64, triangles: Ints) -> None:
        self._vertices = vertices
        self._lengths: dict[int, dict[int, float]] = {}
        for a, b, c in triangles.tolist():
            for start, end in ((a, b), (b, c), (c, a), (b, a), (c, b), (a, c)):
                length = float(np.linalg.norm(vertices[start] - vertices[end]))
                self._lengths.setdefault(start, {})[end] = length

    def line(self, waypoints: list[int]) -> Float64:
        """Return the points (P, 3) of the path through vertices."""
        path = waypoints[:1]
        for start, end in zip(waypoints, waypoints[1:]):  # noqa: B905, RUF007
            path += self._between(start, end)[1:]
        return self._vertices[path]

    def _between(self, start: int, end: int) -> list[int]:
        """Dijkstra's algorithm."""
        before: dict[int, int] = {}
        front = [(0.0, start, start)]
        while end not in before:
            length, vertex, previous = heapq.heappop(front)
            if vertex in before:
                continue
            before[vertex] = previous
            for following, step in self._lengths[vertex].items():
                if following not in before:
                    heapq.heappush(front, (length + step, following, vertex))
        path = [end]
        while path[-1] != start:
            path.append(before[path[-1]])
        return path[::-1]


def resample(line: Float64, fractions: Float64) -> Float64:
    """Return the points of a line at fractions of its length."""
    arc = arc_fractions(line)
    return np.stack([np.interp(fractions, arc, line[:, axis]) for axis in range(3)], axis=1)


def arc_fractions(line: Float64) -> Float64:
    """Return how far along a line of length 1 each of its points is."""
    arc = np.r_[0, np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))]
    fractions: Float64 = arc / arc[-1]
    return fractions
