"""Filter of the face's shape on the head: averaged at rest, passed on once a part moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.smoothing.head_kalman import IMAGES_KEPT
from facemesh_ros.smoothing.landmark_groups import JAW, NOISE_OF_GROUP, SKIN, LandmarkGroups
from facemesh_ros.types import Float64

# Variances above which a group's change is an expression: skin, jaw, and all that moves more.
AT_REST = np.full(len(NOISE_OF_GROUP), 9.0)
AT_REST[[SKIN, JAW]] = 24.0, 14.0
WHILE_MOVING = 1.0
_LOG_FALL = np.log(WHILE_MOVING / AT_REST)
MOVING_S = 0.3
SHORTEST_REST_S = 1e-6


@dataclass(frozen=True, slots=True)
class Shape:
    """State of N faces.

    Attributes:
        means: (N, 3, L) in head coordinates.
        counts: (N, G) how many images the average of each group is worth.
        activities: (N, G) from 0, at rest, to 1, moving.
    """

    means: Float64
    counts: Float64
    activities: Float64


def initial(shapes: Float64, groups: LandmarkGroups) -> Shape:
    """Return the state of shapes (N, 3, L) at their first measurement."""
    zeros = np.zeros((len(shapes), len(groups.noise)))
    return Shape(shapes, zeros, zeros)


def update(
    before: Shape,
    measured: Float64,
    axes: Float64,
    noise_px: Float64,
    groups: LandmarkGroups,
    elapsed_s: Float64,
    rest_time_s: float,
    have_stopped: NDArray[np.bool_],
) -> Shape:
    """Return the state after the next measurement.

    All landmarks of a group share one gain. With r, the group's mean squared change in units of
    its noise, and its threshold t:

        gain = max(1 − (min(t / r, 1))², averaging)
        averaging = max(1 / (count + 1), 1 − exp(−max(r, 1) T / rest_time_s))

    An average is worth count = 1 / gain images: after an expression it begins anew, and so it
    does where the head has come to rest.

    Args:
        before: N faces.
        measured: (N, 3, L) in head coordinates.
        axes: (N, 3, 3) px, in columns the head's axes in the image.
        noise_px: (N,) standard deviation of the skin landmarks.
        groups: Of the landmarks.
        elapsed_s: (N,).
        rest_time_s: Time constant of the average of faces at rest.
        have_stopped: (N,) whether the head has come to rest with this image.

    Example: a change a hundred times the noise passes.
        >>> from facemesh_ros.smoothing.landmark_groups import landmark_groups
        >>> groups, face, one = landmark_groups(468), np.zeros((1, 3, 468)), np.ones(1)
        >>> known = np.eye(3)[None], one, groups, one, 3.0, np.array([False])
        >>> state = update(initial(face, groups), face, *known)
        >>> state = update(state, face + 100, *known)
        >>> bool((state.means > 99).all())
        True
    """
    changes = measured - before.means
    changes_px = axes[:, :2] @ changes
    squares = np.square(changes_px, out=changes_px).sum(axis=1)
    powers = squares @ groups.mean_weights.T / (2 * (groups.noise * noise_px[:, None]) ** 2)
    activities = before.activities * np.exp(-elapsed_s[:, None] / MOVING_S)
    thresholds = AT_REST * np.exp(_LOG_FALL * activities)
    # As James and Stein shrink towards a mean, but firmer: noise stays in, a blink passes whole.
    moving = 1 - (thresholds / np.maximum(powers, thresholds)) ** 2
    # Noise averages out; a change above noise but below an expression is followed sooner.
    rates_hz = np.maximum(powers, 1) / max(rest_time_s, SHORTEST_REST_S)
    counts = before.counts
    if have_stopped.any():
        counts = np.where(have_stopped[:, None], np.minimum(counts, IMAGES_KEPT), counts)
    averaging = np.maximum(1 / (counts + 1), -np.expm1(-rates_hz * elapsed_s[:, None]))
    group_gains = np.maximum(moving, averaging)
    gains = group_gains.take(groups.group_of_landmark, axis=1)
    changes *= gains[:, None]
    changes += before.means
    return Shape(changes, 1 / group_gains, np.maximum(activities, moving))
