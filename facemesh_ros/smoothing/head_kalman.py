"""Kalman filter of head motion: constant velocity, with gains that rise when the head accelerates.

State per component: position and velocity. With interval T, acceleration density q, measurement
variance r and covariance [[p, c], [c, v]]:

    predict   x' = x + T ẋ,   p' = p + T (2c + T (v + q/3)),   c' = c + T (v + q/2),   v' = v + q
    update    gain = p' / (p' + r),   x = x' + gain (z − x'),   ẋ = ẋ + c' / (p' + r) (z − x')
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facemesh_ros.types import Float64

# Standard deviation of the affine maps (rows: x, y, depth; columns: three axes and the centre)
# relative to that of a skin landmark; measured, see docs/filtering.md.
AFFINE_NOISE = np.array([[0.8, 0.75, 1.2, 1.15], [0.8, 0.75, 1.2, 1.15], [2.0, 2.9, 0.7, 1.0]])
# Acceleration that is always possible, eye distances per s^1.5.
REST_ACCELERATION = 1e-5
# Squared innovations above so many variances are motion: one by one and averaged over AVERAGING_S
# at rest, and either while moving.
SINGLE_AT_REST, AVERAGED_AT_REST = 16.0, 18.0
WHILE_MOVING = 0.7
AVERAGING_S = 0.1
# How long a motion is expected to last, and the Kalman gain from which there is one.
MOVING_S = 0.3
MOVING_GAIN = 0.3
# Share of the most active component's activity that the others take on.
SHARED_ACTIVITY = 0.7
FIRST_VELOCITY_VARIANCE = 10.0
# Averages x and y.
_POOLING = np.array([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])


@dataclass(frozen=True, slots=True)
class HeadMotion:
    """State of N heads.

    x and y share their variances, so that no direction of the image is special.

    Attributes:
        affines: (N, 3, 4) px, see `HeadAlignments`.
        velocities: (N, 3, 4) px/s.
        variances: (N, 3, 4) of the affine maps, px².
        covariances: (N, 3, 4) of affine maps and velocities, px²/s.
        velocity_variances: (N, 3, 4) px²/s².
        mean_innovations: (N, 3, 4) moving average, px.
        activities: (N, 3, 4) from 0, at rest, to 1, moving.
    """

    affines: Float64
    velocities: Float64
    variances: Float64
    covariances: Float64
    velocity_variances: Float64
    mean_innovations: Float64
    activities: Float64


def initial(affines: Float64, noise_px: Float64) -> HeadMotion:
    """Return the state of heads at their first measurement.

    Args:
        affines: (N, 3, 4) px as measured.
        noise_px: (N,) standard deviation of the skin landmarks.
    """
    variances = (AFFINE_NOISE * noise_px[:, None, None]) ** 2
    zeros = np.zeros_like(variances)
    return HeadMotion(
        affines=affines,
        velocities=np.zeros_like(affines),
        variances=variances,
        covariances=zeros,
        velocity_variances=FIRST_VELOCITY_VARIANCE * variances,
        mean_innovations=np.zeros_like(affines),
        activities=zeros,
    )


def update(
    before: HeadMotion,
    measured: Float64,
    noise_px: Float64,
    eye_distances_px: Float64,
    elapsed_s: Float64,
) -> HeadMotion:
    """Return the state after the next measurement.

    Args:
        before: N heads.
        measured: (N, 3, 4) px.
        noise_px: (N,) standard deviation of the skin landmarks.
        eye_distances_px: (N,).
        elapsed_s: (N,).

    Example: a head that jumps by a hundred times its noise is followed at once.
        >>> noise_px, size_px, elapsed_s = np.array([0.1]), np.array([100.0]), np.array([1 / 30])
        >>> at_rest = initial(np.zeros((1, 3, 4)), noise_px)
        >>> moved = update(at_rest, np.full((1, 3, 4), 10.0), noise_px, size_px, elapsed_s)
        >>> bool((moved.affines > 9.5).all())
        True
    """
    interval = elapsed_s[:, None, None]
    noise = (AFFINE_NOISE * noise_px[:, None, None]) ** 2
    density = (REST_ACCELERATION * eye_distances_px[:, None, None]) ** 2 * interval
    p, c, v = before.variances, before.covariances, before.velocity_variances
    p = p + interval * (2 * c + interval * (v + density / 3))
    c = c + interval * (v + density / 2)
    v = v + density
    predicted = before.affines + interval * before.velocities
    innovations = measured - predicted
    weights = -np.expm1(-interval / AVERAGING_S)
    mean_innovations = before.mean_innovations + weights * (innovations - before.mean_innovations)
    # A head that turns shifts as well, so components share the activity in the image.
    shared = SHARED_ACTIVITY * before.activities[:, :1].max(axis=2, keepdims=True)
    activities = np.maximum(before.activities, shared) * np.exp(-interval / MOVING_S)
    # The mean of innovations that are only noise has less variance than one of them.
    excess = np.maximum(
        _POOLING
        @ innovations**2
        / (SINGLE_AT_REST * (WHILE_MOVING / SINGLE_AT_REST) ** activities),
        _POOLING
        @ mean_innovations**2
        * ((2 - weights) / weights)
        / (AVERAGED_AT_REST * (WHILE_MOVING / AVERAGED_AT_REST) ** activities),
    )
    # Innovations beyond their expected variance: the head has accelerated since the last image.
    expected = p + noise
    found = np.maximum(excess, expected)
    surplus = found - expected
    p, c, v = p + surplus, c + surplus / interval, v + surplus * (4 / 3 / interval**2)
    gains, velocity_gains = p / found, c / found
    rest = 1 - gains
    return HeadMotion(
        affines=predicted + gains * innovations,
        velocities=before.velocities + velocity_gains * innovations,
        variances=rest * p,
        covariances=rest * c,
        velocity_variances=v - velocity_gains * c,
        mean_innovations=rest * mean_innovations,
        activities=np.maximum(activities, np.where(gains > MOVING_GAIN, gains, 0)),
    )
