"""The lens of equidistant (Kannala-Brandt, OpenCV's fisheye), and its inverse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.lens import MIN_SLOPE, TABLE_SIZE, Complex, last_valid, squared
from facemesh_ros.types import Float64

ANGLES_RAD = np.linspace(np.pi / 720, np.pi, 720)
# Newton's method doubles the digits: after a step of less than this, 1e-9 is reached.
LAST_STEP, MAX_STEPS = 1e-5, 3
TINY = 1e-12


class FisheyeLens:
    """Draws a direction by its angle θ to the optical axis: r = θ (1 + k1 θ² + … + k4 θ⁸).

    It sees behind itself, too: 180° is the limit. Where r grows by less than MIN_SLOPE per radian,
    the polynomial is used beyond what it was fitted to: from there on r grows in proportion to θ,
    so every pixel has a ray and every direction but straight back one pixel. Pixels beyond 180°
    get the nearest ray, which looks back.

    Source: Kannala and Brandt, IEEE PAMI 28 (2006); OpenCV, "Fisheye camera model".
    """

    def __init__(self, coefficients: Sequence[float]) -> None:
        """Take k1 to k4."""
        k1, k2, k3, k4 = coefficients
        # Of θ², lowest power first.
        self._factor = np.array([1, k1, k2, k3, k4])
        self._slope = self._factor * (1, 3, 5, 7, 9)
        with np.errstate(all='ignore'):  # of coefficients that are no lens's
            held = last_valid(ANGLES_RAD, self._is_valid)
            self._limit_rad = held or float(ANGLES_RAD[0])
            angles = np.linspace(0, self._limit_rad, TABLE_SIZE)
            factors = _polynomial(self._factor, angles**2)
            self._images, self._inverse_factors = angles * factors, 1 / factors
        self.radius = float(self._images[-1]) if held else 0.0

    def _is_valid(self, angles: Float64) -> NDArray[np.bool_]:
        valid: NDArray[np.bool_] = _polynomial(self._slope, angles**2) > MIN_SLOPE
        return valid

    def rays_from_plane(self, plane: Complex) -> Float64:
        """See `Lens`."""
        radii = np.sqrt(squared(plane))
        angles = radii * np.interp(radii, self._images, self._inverse_factors)
        inside = radii < self._images[-1]
        for _ in range(MAX_STEPS):
            square = angles * angles
            errors = radii - angles * _polynomial(self._factor, square)
            steps = np.where(inside, errors / _polynomial(self._slope, square), 0)
            angles += steps
            # NaN, of a pixel that is not finite, does not count.
            if np.fmax.reduce(np.abs(steps), axis=None, initial=0.0) < LAST_STEP:
                break
        angles = np.minimum(angles, np.pi)
        scale = np.where(radii <= TINY, 1, np.sin(angles) / radii)
        rays = np.empty((*plane.shape, 3))
        rays[..., 0], rays[..., 1] = plane.real * scale, plane.imag * scale
        rays[..., 2] = np.cos(angles)
        return rays

    def plane_from_points(self, points: Float64) -> Complex:
        """See `Lens`; NaN straight back."""
        x, y, depth = points[..., 0], points[..., 1], points[..., 2]
        beside = np.hypot(x, y)
        angles = np.arctan2(beside, depth)
        inside = np.minimum(angles, self._limit_rad)
        radii = angles * _polynomial(self._factor, inside**2)
        on_axis = np.where(depth > 0, 0.0, np.nan)
        scale = np.where(beside > 0, radii / np.where(beside > 0, beside, 1), on_axis)
        plane = np.empty(x.shape, np.complex128)
        plane.real, plane.imag = x * scale, y * scale
        return plane


def _polynomial(coefficients: Float64, values: Float64) -> Float64:
    result: Float64 = np.full_like(values, coefficients[-1])
    for coefficient in coefficients[-2::-1].tolist():
        result *= values
        result += coefficient
    return result
