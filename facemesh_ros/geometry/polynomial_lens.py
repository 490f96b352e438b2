"""The lens of plumb_bob and rational_polynomial, with thin prism and tilt, and its inverse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.lens import (
    MIN_SLOPE,
    PINHOLE,
    TABLE_SIZE,
    Complex,
    last_valid,
    squared,
)
from facemesh_ros.types import Float64

COEFFICIENT_COUNT = 14
# Where the image moves outwards by more than this, the polynomials run into a pole.
MAX_SLOPE = 20.0
# No lens that is calibrated by these models sees beyond 80 degrees.
RADII = np.geomspace(1e-3, np.tan(np.radians(80)), 120)
DIRECTIONS = np.exp(2j * np.pi * np.arange(12) / 12)
# Newton's method doubles the digits: after a step of less than this, 1e-9 is reached.
LAST_STEP = 1e-5
MAX_STEPS = 10
# A tilted sensor ends before its horizon.
MIN_TILT_SCALE = 0.05
TINY = 1e-9


class PolynomialLens:
    """Draws directions as OpenCV's pinhole camera with distortion does.

    With `s = |z|²` and c(s) = (1 + k1 s + k2 s² + k3 s³) / (1 + k4 s + k5 s² + k6 s³):
    g(z) = z c(s) + 2 s P + conj(P) z² + s S1 + s² S2, P = p2 + i p1, S1 = s1 + i s3,
    S2 = s2 + i s4; then the homography of the sensor's tilt (τx, τy).

    The polynomials hold as far as both derivatives of g, outwards and around, are between
    MIN_SLOPE and MAX_SLOPE, and up to 80°. Beyond this circle of radius R the lens goes on in
    proportion, `g(z) = |z|/R g(z R/|z|)`: so every pixel has a ray and every direction before the
    lens one pixel, and what lies outside never folds back into the image.

    Source: OpenCV, "Camera Calibration and 3D Reconstruction".
    """

    def __init__(self, coefficients: Sequence[float]) -> None:
        """Take k1 k2 p1 p2 k3 k4 k5 k6 s1 s2 s3 s4 τx τy, or the first of them."""
        values = np.zeros(COEFFICIENT_COUNT)
        values[: len(coefficients)] = coefficients
        k1, k2, p1, p2, k3, k4, k5, k6, s1, s2, s3, s4, tilt_x, tilt_y = values.tolist()
        self._above, self._below = (k1, k2, k3), (k4, k5, k6)
        self._tangential = complex(p2, p1)
        self._linear, self._square = 2 * self._tangential + complex(s1, s3), complex(s2, s4)
        self._is_radial = not any((p1, p2, s1, s2, s3, s4))
        self._tilt = _tilt(tilt_x, tilt_y) if tilt_x or tilt_y else None
        self._untilt = _tilt(tilt_x, tilt_y, inverse=True) if tilt_x or tilt_y else None
        with np.errstate(all='ignore'):  # of poles beyond the limit
            held = last_valid(RADII, self._is_valid)
            self._limit = held or float(RADII[0])
            self._image_radius = self._limit * float(self._radial(np.array(self._limit**2))[0])
            self._fill_tables()
        self.radius = self._image_radius if held else 0.0

    def rays_from_plane(self, plane: Complex) -> Float64:
        """See `Lens`."""
        return PINHOLE.rays_from_plane(self._inverse(_projected(plane, self._untilt)))

    def plane_from_points(self, points: Float64) -> Complex:
        """See `Lens`; NaN beside and behind the camera."""
        return _projected(self._distorted(PINHOLE.plane_from_points(points))[0], self._tilt)

    def _fill_tables(self) -> None:
        """Tabulate the inverse by steps of r = |g(z)|, as z = f g + d + e g².

        These are the first terms of its Fourier series in the direction of g(z): what is not
        radial is small, so the series ends soon.
        """
        radii = np.linspace(0, self._limit, TABLE_SIZE)
        factors = self._radial(radii**2)[0]
        images = np.linspace(0, self._image_radius, TABLE_SIZE)
        images[0] = TINY
        directions = DIRECTIONS[::3]
        target = images[:, None] * directions
        radial = target * np.interp(images, radii * factors, 1 / factors)[:, None]
        terms = np.fft.fft(self._refined(radial, target) / target) / len(directions)
        self._factors = terms[:, 0].real.copy()
        self._factor_steps = np.diff(self._factors, append=self._factors[-1])
        self._shifts, self._bends = terms[:, -1] * images, terms[:, 1] / images

    def _inverse(self, target: Complex) -> Complex:
        """Return what g draws at a target: tables to begin with, then Newton's method."""
        radii = np.sqrt(squared(target))
        places = np.minimum(radii * ((TABLE_SIZE - 1) / self._image_radius), TABLE_SIZE - 1)
        indices = places.astype(np.intp)  # any will do for pixels that are not finite
        places -= indices
        places *= self._factor_steps.take(indices, mode='clip')
        places += self._factors.take(indices, mode='clip')
        if self._is_radial:
            return self._refined(target * places, target)
        z = target * self._bends.take(indices, mode='clip')
        z += places
        z *= target
        z += self._shifts.take(indices, mode='clip')
        return self._refined(z, target)

    def _refined(self, z: Complex, target: Complex) -> Complex:
        """Return what g draws at a target, from something near it, by Newton's method."""
        for _ in range(MAX_STEPS):
            image, by_z, by_conjugate = self._distorted(z)
            error = target - image
            # by_z δ + by_conjugate conj(δ) = error
            step = by_z.conj() * error
            step -= by_conjugate * error.conj()
            step /= squared(by_z) - squared(by_conjugate)
            z = z + step
            # NaN, of a pixel that is not finite, does not count.
            if np.fmax.reduce(squared(step), axis=None, initial=0.0) < LAST_STEP**2:
                break
        return z

    def _distorted(self, z: Complex) -> tuple[Complex, Complex, Complex]:
        """Return g and its derivatives by z and by the conjugate of z, continued beyond R."""
        s = squared(z)
        if not np.fmax.reduce(s, axis=None, initial=0.0) > self._limit**2:
            return self._polynomial(z, s)
        stretch = np.sqrt(np.maximum(s / self._limit**2, 1))
        image, by_z, by_conjugate = self._polynomial(z / stretch, s / stretch**2)
        outside = stretch > 1
        outwards = z / np.sqrt(np.where(outside, s, 1))
        along = image / self._limit
        beyond_z = (by_z - by_conjugate * outwards.conj() ** 2 + along * outwards.conj()) / 2
        beyond = (by_conjugate - by_z * outwards**2 + along * outwards) / 2
        return (
            stretch * image,
            np.where(outside, beyond_z, by_z),
            np.where(outside, beyond, by_conjugate),
        )

    def _polynomial(self, z: Complex, s: Float64) -> tuple[Complex, Complex, Complex]:
        """Return g and its derivatives by z and by the conjugate of z; s = |z|²."""
        factor, slope = self._radial(s)
        by_s = slope * z
        if self._is_radial:
            return z * factor, factor + by_s * z.conj(), by_s * z
        # g = z (c + conj(P) z) + s (2 P + S1 + s S2)
        tangential = self._tangential.conjugate() * z
        inner = tangential + factor
        by_s += self._linear
        image = z * inner
        image += s * self._linear
        if self._square:
            prism = self._square * s
            image += s * prism
            by_s += 2 * prism
        inner += tangential
        inner += by_s * z.conj()
        by_s *= z
        return image, inner, by_s

    def _radial(self, s: Float64) -> tuple[Float64, Float64]:
        """Return c and its derivative by s."""
        above, above_slope = _cubic(self._above, s)
        if not any(self._below):
            return above, above_slope
        below, below_slope = _cubic(self._below, s)
        factor = above / below
        return factor, (above_slope - factor * below_slope) / below

    def _is_valid(self, radii: Float64) -> NDArray[np.bool_]:
        z = radii[:, None] * DIRECTIONS
        _, by_z, by_conjugate = self._polynomial(z, squared(z))
        turned = by_conjugate * DIRECTIONS.conj() ** 2
        outwards, around = (by_z + turned).real, (by_z - turned).real
        valid: NDArray[np.bool_] = np.all(
            (np.minimum(outwards, around) > MIN_SLOPE)
            & (np.maximum(outwards, around) < MAX_SLOPE),
            axis=1,
        )
        return valid


def _cubic(k: tuple[float, float, float], s: Float64) -> tuple[Float64, Float64]:
    """Return 1 + k1 s + k2 s² + k3 s³ and its derivative."""
    first, second, third = k
    if third:
        inner = second + third * s
        return 1 + s * (first + s * inner), first + s * (inner + inner + third * s)
    return 1 + s * (first + s * second), first + 2 * second * s


def _tilt(x: float, y: float, *, inverse: bool = False) -> Float64:
    """Return the homography of a sensor that is tilted by two angles, rad."""
    about_x = np.array([[1, 0, 0], [0, np.cos(x), np.sin(x)], [0, -np.sin(x), np.cos(x)]])
    about_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    turn = about_y @ about_x
    onto = np.array([[turn[2, 2], 0, -turn[0, 2]], [0, turn[2, 2], -turn[1, 2]], [0, 0, 1]])
    homography: Float64 = turn.T @ np.linalg.inv(onto) if inverse else onto @ turn
    return homography


def _projected(z: Complex, homography: Float64 | None) -> Complex:
    if homography is None:
        return z
    x, y, w = (row[0] * z.real + row[1] * z.imag + row[2] for row in homography)
    projected: Complex = (x + 1j * y) / np.maximum(w, MIN_TILT_SCALE)
    return projected
