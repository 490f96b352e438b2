"""Kalman filter of head motion: constant velocity, with gains that rise when the head accelerates.

State per coordinate of the motion (`head_alignment.COMPONENTS`): position and velocity. With
interval T, acceleration density q, measurement variance r and covariance [[p, c], [c, v]]:

    predict   x' = x + T ẋ,   v' = v + q,   c' = c + T v',   p' = p + T (2c + T v')
    update    gain = p' / (p' + r),   x = x' + gain (z − x'),   ẋ = ẋ + c' / (p' + r) (z − x')
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.smoothing.head_alignment import (
    changes_from_motion,
    component_of_coordinate,
    motion_from_changes,
)
from facemesh_ros.types import Float64

# Acceleration that is always possible, eye distances per s^1.5.
REST_ACCELERATION = 1e-5
# Squared innovations above so many variances are motion: at rest, and while the component moves.
AT_REST, WHILE_MOVING = 16.0, 1.5
_LOG_FALL = np.log(WHILE_MOVING / AT_REST)
# How long a motion is expected to last.
MOVING_S = 0.3
# Components at rest gain at least so much, relative to one image, while another moves: turned
# axes mix components a little, and what is mixed in must not stay.
WHILE_OTHERS_MOVE = 0.5
# The highest activity of a head at rest. Once it has come to rest, averages are worth so many
# images: what the landmark model makes of a face depends on where the face is.
RESTING_ACTIVITY = 0.5
IMAGES_KEPT = 1.5
FIRST_VELOCITY_VARIANCE = 10.0
# Averages the coordinates of each component.
_POOLING = (component_of_coordinate()[:, None] == component_of_coordinate()).astype(np.float64)
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
        activities: (N, 12) from 0, at rest, to 1, moving.
        are_moving: (N,) whether any component is.
        have_stopped: (N,) whether the head has come to rest with this image.
    """

    affines: Float64
    velocities: Float64
    variances: Float64
    covariances: Float64
    velocity_variances: Float64
    activities: Float64
    are_moving: NDArray[np.bool_]
    have_stopped: NDArray[np.bool_]


def initial(affines: Float64, noise: Float64) -> HeadMotion:
    """Return the state of heads at their first measurement.

    Args:
        affines: (N, 3, 4) px as measured.
        noise: (N, 12) standard deviations of the coordinates, eye distances.
    """
    variances = noise**2
    zeros = np.zeros_like(variances)
    return HeadMotion(
        affines=affines,
        velocities=np.zeros_like(affines),
        variances=variances,
        covariances=zeros,
        velocity_variances=FIRST_VELOCITY_VARIANCE * variances,
        activities=zeros,
        are_moving=np.zeros(len(affines), bool),
        have_stopped=np.zeros(len(affines), bool),
    )


def update(
    before: HeadMotion,
    measured: Float64,
    frames: Float64,
    inverses: Float64,
    noise: Float64,
    elapsed_s: Float64,
) -> HeadMotion:
    """Return the state after the next measurement.

    Args:
        before: N heads.
        measured: (N, 3, 4) px.
        frames: (N, 4, 4) px, see `HeadAlignments`.
        inverses: (N, 4, 4) of the frames.
        noise: (N, 12) standard deviations of the coordinates, eye distances.
        elapsed_s: (N,).

    Example: a head that jumps by a hundred times its noise is followed at once.
        >>> noise, elapsed_s = np.full((1, 12), 1e-3), np.array([1 / 30])
        >>> head = 45 * np.eye(3, 4)[None]
        >>> frames = np.diag([45.0, 45, 45, 100])[None]
        >>> known = frames, np.linalg.inv(frames), noise, elapsed_s
        >>> motion = update(initial(head, noise), head + [0, 0, 0, 10], *known)
        >>> bool((motion.affines[..., 3] > 9.5).all())
        True
    """
    interval = elapsed_s[:, None]
    r = noise**2
    p, c = before.variances, before.covariances
    v = before.velocity_variances + REST_ACCELERATION**2 * interval
    shared = interval * v
    p = p + interval * (2 * c + shared)
    c = c + shared
    predicted = before.affines + interval[..., None] * before.velocities
    innovations = motion_from_changes(measured - predicted, inverses)
    activities = before.activities * np.exp(-interval / MOVING_S)
    thresholds = AT_REST * np.exp(_LOG_FALL * activities)
    # Innovations beyond their expected variance: the head has accelerated since the last image.
    expected = p + r
    found = np.maximum(innovations**2 @ _POOLING / thresholds, expected)
    surplus = found - expected
    pushes = surplus / interval
    p, c, v = p + surplus, c + pushes, v + pushes * (4 / 3 / interval)
    gains, velocity_gains = p / found, c / found
    rest = 1 - gains
    corrections = np.array([gains, velocity_gains]) * innovations
    changes, velocity_changes = changes_from_motion(corrections, frames)
    activities = np.maximum(activities, gains)
    activity = activities.max(axis=1)
    are_moving = activity > RESTING_ACTIVITY
    have_stopped = before.are_moving & ~are_moving
    least = np.where(have_stopped, 1 / IMAGES_KEPT, WHILE_OTHERS_MOVE * activity)
    variances = np.maximum(rest * p, least[:, None] * r)
    return HeadMotion(
        affines=predicted + changes,
        velocities=before.velocities + velocity_changes,
        variances=variances,
        covariances=rest * c,
        velocity_variances=v - velocity_gains * c,
        activities=activities,
        are_moving=are_moving,
        have_stopped=have_stopped,
    )
