"""What a lens does: it draws directions on the plane at distance 1, the image before K.

Points of that plane are complex numbers, x + iy: then a distortion is one line, and so is each of
its derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from facemesh_ros import native
from facemesh_ros.types import Float64

Complex = NDArray[np.complex128]

# Where the image moves outwards by less than this per unit without distortion, a polynomial is
# used beyond what it was fitted to: it is about to turn back.
MIN_SLOPE = 0.05
TABLE_SIZE = 1024
# What is seen at a smaller share of its distance before the camera is beside it, or behind.
MIN_DEPTH = 1e-6
BISECTIONS = 20


class Lens(Protocol):
    """Draws directions on the plane, and finds them again; finite pixels have finite rays."""

    @property
    def radius(self) -> float:
        """Up to which distance from the axis, on the plane, its model holds."""

    def rays_from_plane(self, plane: Complex) -> Float64:
        """Return the unit vectors (..., 3) that are drawn at (...) points of the plane."""

    def plane_from_points(self, points: Float64) -> Complex:
        """Return where (..., 3) points or directions are drawn, (...); NaN if nowhere."""


class PinholeLens:
    """No distortion: x / z + i y / z."""

    radius = np.inf

    def rays_from_plane(self, plane: Complex) -> Float64:
        """See `Lens`."""
        return native.pinhole_rays(plane)

    def plane_from_points(self, points: Float64) -> Complex:
        """See `Lens`; NaN beside and behind the camera."""
        x, y, depth = points[..., 0], points[..., 1], points[..., 2]
        before = depth > MIN_DEPTH * (np.abs(x) + np.abs(y))
        plane = np.empty(x.shape, np.complex128)
        depth = np.where(before, depth, np.nan)
        plane.real, plane.imag = x / depth, y / depth
        return plane


PINHOLE = PinholeLens()


def squared(z: Complex) -> Float64:
    """Return `|z|²`."""
    result: Float64 = z.real * z.real + z.imag * z.imag
    return result


def last_valid(grid: Float64, is_valid: Callable[[Float64], NDArray[np.bool_]]) -> float:
    """Return up to where something holds: the last value of an ascending grid, or before."""
    valid = is_valid(grid)
    if valid.all():
        return float(grid[-1])
    first = int(np.argmin(valid))
    inside, outside = (float(grid[first - 1]) if first else 0.0), float(grid[first])
    for _ in range(BISECTIONS):
        middle = (inside + outside) / 2
        holds = bool(is_valid(np.array([middle]))[0])
        inside, outside = (middle, outside) if holds else (inside, middle)
    return inside
