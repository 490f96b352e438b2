"""Kalman filter of head motion: constant velocity, with gains that rise when the head accelerates.

State per coordinate of the motion (`head_components`): position and velocity. With interval T,
acceleration density q, measurement variance r and covariance [[p, c], [c, v]]:

    predict   x' = x + T ẋ,   p' = p + T (2c + T (v + q/3)),   c' = c + T (v + q/2),   v' = v + q
    update    gain = p' / (p' + r),   x = x' + gain (z − x'),   ẋ = ẋ + c' / (p' + r) (z − x')
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facemesh_ros.smoothing.head_components import (
    COMPONENT_OF_COORDINATE,
    COMPONENTS,
    changes_of,
    components_of,
)
from facemesh_ros.types import Float64

# Standard deviation of each component relative to that of a skin landmark in eye distances;
# measured, see docs/filtering.md. That of the shift, whose motion is the most common, is lower
# than measured, so that a slow motion is followed; zoom likewise.
NOISE_OF_COMPONENT = {
    'shift': 1.15,
    'depth shift': 1.2,
    'zoom': 2.4,
    'roll': 3.7,
    'stretch': 2.7,
    'tilt': 6.6,
    'depth tilt': 9.1,
    'depth stretch': 4.7,
}
_NOISE = np.array([NOISE_OF_COMPONENT[each] for each in COMPONENTS])[COMPONENT_OF_COORDINATE]
# Acceleration that is always possible, eye distances per s^1.5.
REST_ACCELERATION = 1e-5
# Squared innovations above so many variances are motion: one by one and averaged over AVERAGING_S
# at rest, and either while the component moves.
SINGLE_AT_REST, AVERAGED_AT_REST = 9.0, 18.0
WHILE_MOVING = 2.0
AVERAGING_S = 0.1
# How long a motion is expected to last, and the Kalman gain from which there is one.
MOVING_S = 0.3
MOVING_GAIN = 0.3
FIRST_VELOCITY_VARIANCE = 10.0
# Averages the coordinates of each component.
_POOLING = (COMPONENT_OF_COORDINATE[:, None] == COMPONENT_OF_COORDINATE).astype(np.float64)
_POOLING /= _POOLING.sum(axis=1)


@dataclass(frozen=True, slots=True)
class HeadMotion:
    """State of N heads. Variances are those of the 12 coordinates, in eye distances.

    Attributes:
        affines: (N, 3, 4) px, see `HeadAlignments`.
        velocities: (N, 3, 4) px/s.
        variances: (N, 12) of the affine maps.
        covariances: (N, 12) of affine maps and velocities, 1/s.
        velocity_variances: (N, 12) 1/s².
        mean_innovations: (N, 12) moving average.
        activities: (N, 12) from 0, at rest, to 1, moving.
    """

    affines: Float64
    velocities: Float64
    variances: Float64
    covariances: Float64
    velocity_variances: Float64
    mean_innovations: Float64
    activities: Float64


def initial(affines: Float64, noise: Float64) -> HeadMotion:
    """Return the state of heads at their first measurement.

    Args:
        affines: (N, 3, 4) px as measured.
        noise: (N,) standard deviation of the skin landmarks, eye distances.
    """
    variances = (_NOISE * noise[:, None]) ** 2
    zeros = np.zeros_like(variances)
    return HeadMotion(
        affines=affines,
        velocities=np.zeros_like(affines),
        variances=variances,
        covariances=zeros,
        velocity_variances=FIRST_VELOCITY_VARIANCE * variances,
        mean_innovations=zeros,
        activities=zeros,
    )


def update(
    before: HeadMotion,
    measured: Float64,
    inverses: Float64,
    noise: Float64,
    eye_distances_px: Float64,
    elapsed_s: Float64,
) -> HeadMotion:
    """Return the state after the next measurement.

    Args:
        before: N heads.
        measured: (N, 3, 4) px.
        inverses: (N, 3, 3) of its axes.
        noise: (N,) standard deviation of the skin landmarks, eye distances.
        eye_distances_px: (N,).
        elapsed_s: (N,).

    Example: a head that jumps by a hundred times its noise is followed at once.
        >>> noise, size_px, elapsed_s = np.array([1e-3]), np.array([100.0]), np.array([1 / 30])
        >>> head = 45 * np.eye(3, 4)[None]
        >>> moved = head + [0, 0, 0, 10]
        >>> inverses = np.linalg.inv(head[..., :3])
        >>> motion = update(initial(head, noise), moved, inverses, noise, size_px, elapsed_s)
        >>> bool((motion.affines[..., 3] > 9.5).all())
        True
    """
    interval = elapsed_s[:, None]
    r = (_NOISE * noise[:, None]) ** 2
    q = REST_ACCELERATION**2 * interval
    p, c, v = before.variances, before.covariances, before.velocity_variances
    p = p + interval * (2 * c + interval * (v + q / 3))
    c = c + interval * (v + q / 2)
    v = v + q
    predicted = before.affines + interval[..., None] * before.velocities
    innovations = components_of(measured - predicted, inverses, eye_distances_px)
    weights = -np.expm1(-interval / AVERAGING_S)
    mean_innovations = before.mean_innovations + weights * (innovations - before.mean_innovations)
    activities = before.activities * np.exp(-interval / MOVING_S)
    # The mean of innovations that are only noise has less variance than one of them.
    excess = np.maximum(
        innovations**2
        @ _POOLING
        / (SINGLE_AT_REST * (WHILE_MOVING / SINGLE_AT_REST) ** activities),
        mean_innovations**2
        @ _POOLING
        * ((2 - weights) / weights)
        / (AVERAGED_AT_REST * (WHILE_MOVING / AVERAGED_AT_REST) ** activities),
    )
    # Innovations beyond their expected variance: the head has accelerated since the last image.
    expected = p + r
    found = np.maximum(excess, expected)
    surplus = found - expected
    p, c, v = p + surplus, c + surplus / interval, v + surplus * (4 / 3 / interval**2)
    gains, velocity_gains = p / found, c / found
    rest = 1 - gains
    corrections = np.stack([gains, velocity_gains], axis=1) * innovations[:, None]
    changes = changes_of(corrections, measured[..., :3], eye_distances_px)
    return HeadMotion(
        affines=predicted + changes[:, 0],
        velocities=before.velocities + changes[:, 1],
        variances=rest * p,
        covariances=rest * c,
        velocity_variances=v - velocity_gains * c,
        mean_innovations=rest * mean_innovations,
        activities=np.maximum(activities, np.where(gains > MOVING_GAIN, gains, 0)),
    )
