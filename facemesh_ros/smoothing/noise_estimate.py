"""Noise of each face's landmarks, learnt from what does not move: the skin on the head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facemesh_ros.types import Float64

# Standard deviations in eye distances: where learning starts, and its bounds.
FIRST, LOWEST, HIGHEST = 6e-4, 2e-4, 5e-3
# The share of the quietest images that is noise alone, in which nothing moves.
QUIET_SHARE = 0.12
# How quickly the estimate may change, per s.
RATE_PER_S = 1.8


@dataclass(frozen=True, slots=True)
class Noise:
    """State of N faces.

    Attributes:
        skins: (N, 3, S) the skin's landmarks as measured last, in lengths of the head's axes.
        deviations: (N,) standard deviation of one coordinate of quiet images, in eye distances.
    """

    skins: Float64
    deviations: Float64


def unknown(skins: Float64) -> Noise:
    """Return what is assumed of faces that are seen for the first time."""
    return Noise(skins, np.full(len(skins), FIRST))


def learnt(
    before: Noise, skins: Float64, axes: Float64, sizes: Float64, elapsed_s: Float64
) -> Noise:
    """Take the next measurement.

    The estimate follows a low quantile: it sinks while images are quieter than it, and rises more
    slowly while they are not, so that motion hardly counts.

    Args:
        before: N faces.
        skins: (N, 3, S) on the head.
        axes: (N, 3, 3) px, in columns the head's axes in the image.
        sizes: (N,) px, eye distances.
        elapsed_s: (N,).
    """
    changes = axes[:, :2] @ (skins - before.skins)
    variances = np.einsum('ncs,ncs->n', changes, changes) / (4 * skins.shape[2] * sizes**2)
    is_louder = variances > before.deviations**2
    steps = np.where(is_louder, QUIET_SHARE, QUIET_SHARE - 1)
    deviations = before.deviations * np.exp(RATE_PER_S * elapsed_s * steps)
    return Noise(skins, np.clip(deviations, LOWEST, HIGHEST))
