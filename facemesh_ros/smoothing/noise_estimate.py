"""Noise of each face, estimated from the skin, which hardly moves on the head, and of its zoom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facemesh_ros.smoothing.head_alignment import (
    COMPONENTS,
    HeadAlignments,
    component_of_coordinate,
)
from facemesh_ros.types import Float64

# Standard deviations in eye distances: the first estimate, and its bounds.
INITIAL, LOWEST, HIGHEST = 6e-4, 2e-4, 5e-3
# The quantile that is followed: in so many of the images, the quietest, noise is all that changes.
QUIET_SHARE = 0.12
# How quickly the estimates may change, per s.
RATE_PER_S = 1.8
# Standard deviation of each coordinate of the head's motion relative to that of a skin landmark in
# eye distances, as measured on still pictures; a little lower for shift, zoom and tilt, so that
# slow motions are followed. See docs/filtering.md.
NOISE_OF_COMPONENT = {
    'shift': 1.05,
    'depth shift': 1.2,
    'zoom': 2.2,
    'roll': 3.5,
    'stretch': 2.2,
    'tilt': 5.5,
    'depth tilt': 9.1,
    'depth stretch': 4.7,
}
_NOISE = np.array([NOISE_OF_COMPONENT[each] for each in COMPONENTS])[component_of_coordinate()]
_ZOOM = component_of_coordinate().tolist().index(list(COMPONENTS).index('zoom'))
# Zoom is the one whose noise is not much the same for all faces: 2.5 to 8 times the skin's. What
# exceeds the assumed so many times is no longer covered by the filter's margin.
COVERED = 2.1
# The first of these factors, which falls within half a second and rises more slowly, and the last.
FIRST_FACTOR, MOST_FACTOR = 2.0, 4.0
ZOOM_QUIET_SHARE = 0.25
# Below which that share of squared second differences of the log size lies, for noise of variance
# 1: by chi square, and six times noise's variance. Zoom is √2 times a change of log size.
_QUIET_ZOOM = 0.1015 * 6 * (COVERED * NOISE_OF_COMPONENT['zoom']) ** 2 / 2


@dataclass(frozen=True, slots=True)
class Noise:
    """State of N faces.

    Attributes:
        skin: (N, 3, S) the skin landmarks as measured last, in head coordinates.
        deviations: (N,) standard deviation of one coordinate of quiet images, in eye distances.
        eye_distances_px: (N,) as measured last.
        growths: (N,) relative changes of size, 1/s.
        zoom_factors: (N,) how many times the assumed the noise of zoom is, from 1.
        heads: (N, 12) standard deviations of the coordinates of the heads' motion, eye distances.
    """

    skin: Float64
    deviations: Float64
    eye_distances_px: Float64
    growths: Float64
    zoom_factors: Float64
    heads: Float64


def initial(skin: Float64, eye_distances_px: Float64) -> Noise:
    """Return what is assumed of faces at their first measurement."""
    ones = np.ones_like(eye_distances_px)
    heads = INITIAL * np.tile(_NOISE, (len(skin), 1))
    heads[:, _ZOOM] *= FIRST_FACTOR
    return Noise(skin, INITIAL * ones, eye_distances_px, 0 * ones, FIRST_FACTOR * ones, heads)


def update(before: Noise, skin: Float64, heads: HeadAlignments, elapsed_s: Float64) -> Noise:
    """Return the estimates after the next measurement.

    They follow a low quantile q of the change between two images, so that motion hardly counts:
    σ ← σ exp(RATE · T · q) where the change is above σ, else σ exp(RATE · T · (q − 1)). Of the
    size it is the change of its growth, in which steady motion does not count at all.

    Args:
        before: N faces.
        skin: (N, 3, S) in head coordinates.
        heads: Of the N faces.
        elapsed_s: (N,).

    Example: without any change the estimate falls.
        >>> from facemesh_ros.smoothing.head_alignment import align_heads
        >>> face = 1000 * np.random.default_rng(1).normal(size=(1, 3, 468))
        >>> heads, skin = align_heads(face), face[:, :, :9]
        >>> before = initial(skin, heads.eye_distances_px)
        >>> bool(update(before, skin, heads, np.array([0.1])).deviations[0] < INITIAL)
        True
    """
    sizes = heads.eye_distances_px
    changes = heads.affines[:, :2, :3] @ (skin - before.skin)
    variances = np.einsum('ncs,ncs->n', changes, changes) / (4 * skin.shape[2] * sizes**2)
    noise = before.deviations
    growths = (sizes - before.eye_distances_px) / (sizes * elapsed_s)
    seconds = (growths - before.growths) * elapsed_s
    is_zoom_louder = seconds**2 > _QUIET_ZOOM * (before.zoom_factors * noise) ** 2
    paces = RATE_PER_S * elapsed_s
    deviations = noise * np.exp(paces * ((variances > noise**2) + (QUIET_SHARE - 1)))
    factors = before.zoom_factors * np.exp(paces * (is_zoom_louder + (ZOOM_QUIET_SHARE - 1)))
    deviations = np.minimum(np.maximum(deviations, LOWEST), HIGHEST)
    factors = np.minimum(np.maximum(factors, 1), MOST_FACTOR)
    of_heads = deviations[:, None] * _NOISE
    of_heads[:, _ZOOM] *= factors
    return Noise(skin, deviations, sizes, growths, factors, of_heads)
