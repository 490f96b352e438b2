"""Noise of each face's landmarks, estimated from the skin, which hardly moves on the head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facemesh_ros.types import Float64

# Standard deviations in eye distances: the first estimate, and its bounds.
INITIAL, LOWEST, HIGHEST = 6e-4, 2e-4, 5e-3
# The quantile that is followed: in so many of the images, the quietest, noise is all that changes.
QUIET_SHARE = 0.12
# How quickly the estimate may change, per s.
RATE_PER_S = 1.8


@dataclass(frozen=True, slots=True)
class Noise:
    """State of N faces.

    Attributes:
        skin: (N, 3, S) the skin landmarks as measured last, in head coordinates.
        deviations: (N,) standard deviation of one coordinate of quiet images, in eye distances.
    """

    skin: Float64
    deviations: Float64


def initial(skin: Float64) -> Noise:
    """Return what is assumed of faces at their first measurement."""
    return Noise(skin, np.full(len(skin), INITIAL))


def update(
    before: Noise, skin: Float64, axes: Float64, eye_distances_px: Float64, elapsed_s: Float64
) -> Noise:
    """Return the estimate after the next measurement.

    It follows a low quantile q of the change between two images, so that motion hardly counts:
    σ ← σ exp(RATE · T · q) where the change is above σ, else σ exp(RATE · T · (q − 1)).

    Args:
        before: N faces.
        skin: (N, 3, S) in head coordinates.
        axes: (N, 3, 3) px, in columns the head's axes in the image.
        eye_distances_px: (N,).
        elapsed_s: (N,).

    Example: without any change the estimate falls.
        >>> skin, axes, one = np.zeros((1, 3, 9)), np.eye(3)[None], np.ones(1)
        >>> bool(update(initial(skin), skin, axes, one, 0.1 * one).deviations[0] < INITIAL)
        True
    """
    changes = axes[:, :2] @ (skin - before.skin)
    variances = np.einsum('ncs,ncs->n', changes, changes) / (
        4 * skin.shape[2] * eye_distances_px**2
    )
    is_louder = variances > before.deviations**2
    steps = np.where(is_louder, QUIET_SHARE, QUIET_SHARE - 1)
    deviations = before.deviations * np.exp(RATE_PER_S * elapsed_s * steps)
    return Noise(skin, np.clip(deviations, LOWEST, HIGHEST))
