"""Motion of heads: a Kalman filter of constant velocity that opens when the head does more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facemesh_ros.core.types import Float64

# Noise of the maps' rows (three axes, centre) in x, y and depth, in that of a landmark of the
# skin; measured, see docs/filtering.md.
POSE_NOISE = np.array([[0.8, 0.8, 2.0], [0.75, 0.75, 2.9], [1.2, 1.2, 0.7], [1.15, 1.15, 1.0]])
# Accelerations that are always possible, eye distances per s^1.5.
REST_ACCELERATION = 1e-5
# Variances above which innovations, one by one and averaged, are motion: at rest and while moving.
SINGLE_AT_REST, DRIFT_AT_REST = 16.0, 18.0
WHILE_MOVING = 0.7
AVERAGING_S = 0.1
# How long a motion is expected to go on, and the Kalman gain that tells of one.
MOVING_S = 0.3
MOVING_GAIN = 0.3
# How much of the most lively part's activity the others share.
SPREADING = 0.7
FIRST_VARIANCE = 10.0


@dataclass(frozen=True, slots=True)
class Motion:
    """State of N heads.

    In the image x and y have the same variances, so that no direction of it is special.

    Attributes:
        maps: (N, 4, 3) px, see `HeadPoses`.
        velocities: (N, 4, 3) px/s.
        variances: (N, 4, 3) of the maps, px².
        covariances: (N, 4, 3) of maps and velocities, px²/s.
        velocity_variances: (N, 4, 3) px²/s².
        drifts: (N, 4, 3) recent innovations on average, px.
        activities: (N, 4, 3) from 0, at rest, to 1.
    """

    maps: Float64
    velocities: Float64
    variances: Float64
    covariances: Float64
    velocity_variances: Float64
    drifts: Float64
    activities: Float64


def resting(maps: Float64, noise_px: Float64) -> Motion:
    """Return heads that are seen for the first time.

    Args:
        maps: (N, 4, 3) px as measured.
        noise_px: (N,) standard deviation of the skin's landmarks.
    """
    variances = _measurement_variances(noise_px)
    zeros = np.zeros_like(variances)
    return Motion(
        maps=maps,
        velocities=np.zeros_like(maps),
        variances=variances,
        covariances=zeros,
        velocity_variances=FIRST_VARIANCE * variances,
        drifts=np.zeros_like(maps),
        activities=zeros,
    )


def followed(
    before: Motion, measured: Float64, noise_px: Float64, sizes: Float64, elapsed_s: Float64
) -> Motion:
    """Take the next measurement.

    Args:
        before: N heads.
        measured: (N, 4, 3) px.
        noise_px: (N,) standard deviation of the skin's landmarks.
        sizes: (N,) px, eye distances.
        elapsed_s: (N,).
    """
    interval = elapsed_s[:, None, None]
    noise = _measurement_variances(noise_px)
    density = (REST_ACCELERATION * sizes[:, None, None]) ** 2
    p, c, v = before.variances, before.covariances, before.velocity_variances
    p = p + 2 * interval * c + interval**2 * v + density * interval**3 / 3
    c = c + interval * v + density * interval**2 / 2
    v = v + density * interval
    predicted = before.maps + interval * before.velocities
    innovations = measured - predicted
    weights = 1 - np.exp(-interval / AVERAGING_S)
    drifts = before.drifts + weights * (innovations - before.drifts)
    activities = _spread(before.activities) * np.exp(-interval / MOVING_S)
    # The mean of innovations that are only noise has less variance than one of them.
    drift_powers = _pooled(drifts**2) * (2 - weights) / weights
    excess = np.maximum(
        _pooled(innovations**2) / _blend(SINGLE_AT_REST, WHILE_MOVING, activities),
        drift_powers / _blend(DRIFT_AT_REST, WHILE_MOVING, activities),
    )
    # A head that does more than its variance says has accelerated since the last image.
    surprise = np.maximum(excess - (p + noise), 0)
    p, c, v = p + surprise, c + surprise / interval, v + 4 / 3 * surprise / interval**2
    gains, velocity_gains = p / (p + noise), c / (p + noise)
    return Motion(
        maps=predicted + gains * innovations,
        velocities=before.velocities + velocity_gains * innovations,
        variances=(1 - gains) * p,
        covariances=(1 - gains) * c,
        velocity_variances=v - velocity_gains * c,
        drifts=(1 - gains) * drifts,
        activities=np.maximum(activities, np.where(gains > MOVING_GAIN, gains, 0)),
    )


def _measurement_variances(noise_px: Float64) -> Float64:
    return (POSE_NOISE * noise_px[:, None, None]) ** 2


def _pooled(squares: Float64) -> Float64:
    """Give x and y their mean; writes it over (N, 4, 3) squares."""
    squares[..., 0] = squares[..., 1] = 0.5 * (squares[..., 0] + squares[..., 1])
    return squares


def _spread(activities: Float64) -> Float64:
    """Let each part of a map know of the others: a head that turns will shift as well."""
    in_image = activities[..., :1].max(axis=1, keepdims=True)
    spread: Float64 = np.maximum(activities, SPREADING * in_image)
    return spread


def _blend(at_rest: float, while_moving: float, activities: Float64) -> Float64:
    blended: Float64 = at_rest * (while_moving / at_rest) ** activities
    return blended
