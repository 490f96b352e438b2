"""Motion of heads: a Kalman filter of constant velocity that opens when the head does more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facemesh_ros.types import Float64

# Noise of the maps in x, y and depth, of three axes and the centre, in that of a landmark of the
# skin; measured, see docs/filtering.md.
POSE_NOISE = np.array([[0.8, 0.75, 1.2, 1.15], [0.8, 0.75, 1.2, 1.15], [2.0, 2.9, 0.7, 1.0]])
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
# Gives x and y their mean.
_POOLING = np.array([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])


@dataclass(frozen=True, slots=True)
class HeadMotion:
    """State of N heads.

    In the image x and y have the same variances, so that no direction of it is special.

    Attributes:
        maps: (N, 3, 4) px, see `HeadPoses`.
        velocities: (N, 3, 4) px/s.
        variances: (N, 3, 4) of the maps, px².
        covariances: (N, 3, 4) of maps and velocities, px²/s.
        velocity_variances: (N, 3, 4) px²/s².
        drifts: (N, 3, 4) recent innovations on average, px.
        activities: (N, 3, 4) from 0, at rest, to 1.
    """

    maps: Float64
    velocities: Float64
    variances: Float64
    covariances: Float64
    velocity_variances: Float64
    drifts: Float64
    activities: Float64


def resting(maps: Float64, noise_px: Float64) -> HeadMotion:
    """Return heads that are seen for the first time.

    Args:
        maps: (N, 3, 4) px as measured.
        noise_px: (N,) standard deviation of the skin's landmarks.
    """
    variances = _measurement_variances(noise_px)
    zeros = np.zeros_like(variances)
    return HeadMotion(
        maps=maps,
        velocities=np.zeros_like(maps),
        variances=variances,
        covariances=zeros,
        velocity_variances=FIRST_VARIANCE * variances,
        drifts=np.zeros_like(maps),
        activities=zeros,
    )


def followed(
    before: HeadMotion, measured: Float64, noise_px: Float64, sizes: Float64, elapsed_s: Float64
) -> HeadMotion:
    """Take the next measurement.

    Args:
        before: N heads.
        measured: (N, 3, 4) px.
        noise_px: (N,) standard deviation of the skin's landmarks.
        sizes: (N,) px, eye distances.
        elapsed_s: (N,).
    """
    interval = elapsed_s[:, None, None]
    noise = _measurement_variances(noise_px)
    density = (REST_ACCELERATION * sizes[:, None, None]) ** 2 * interval
    p, c, v = before.variances, before.covariances, before.velocity_variances
    p = p + interval * (2 * c + interval * (v + density / 3))
    c = c + interval * (v + density / 2)
    v = v + density
    predicted = before.maps + interval * before.velocities
    innovations = measured - predicted
    weights = -np.expm1(-interval / AVERAGING_S)
    drifts = before.drifts + weights * (innovations - before.drifts)
    activities = _spread(before.activities) * np.exp(-interval / MOVING_S)
    # The mean of innovations that are only noise has less variance than one of them.
    excess = np.maximum(
        _POOLING @ innovations**2 / _blend(SINGLE_AT_REST, WHILE_MOVING, activities),
        _POOLING
        @ drifts**2
        * ((2 - weights) / weights)
        / _blend(DRIFT_AT_REST, WHILE_MOVING, activities),
    )
    # A head that does more than its variance says has accelerated since the last image.
    usual = p + noise
    found = np.maximum(excess, usual)
    surprise = found - usual
    p, c, v = p + surprise, c + surprise / interval, v + surprise * (4 / 3 / interval**2)
    gains, velocity_gains = p / found, c / found
    rest = 1 - gains
    return HeadMotion(
        maps=predicted + gains * innovations,
        velocities=before.velocities + velocity_gains * innovations,
        variances=rest * p,
        covariances=rest * c,
        velocity_variances=v - velocity_gains * c,
        drifts=rest * drifts,
        activities=np.maximum(activities, np.where(gains > MOVING_GAIN, gains, 0)),
    )


def _measurement_variances(noise_px: Float64) -> Float64:
    return (POSE_NOISE * noise_px[:, None, None]) ** 2


def _spread(activities: Float64) -> Float64:
    """Let each part of a map know of the others: a head that turns will shift as well."""
    in_image = activities[:, :1].max(axis=2, keepdims=True)
    spread: Float64 = np.maximum(activities, SPREADING * in_image)
    return spread


def _blend(at_rest: float, while_moving: float, activities: Float64) -> Float64:
    blended: Float64 = at_rest * (while_moving / at_rest) ** activities
    return blended
