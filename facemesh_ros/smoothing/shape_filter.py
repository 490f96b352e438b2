"""Shape of faces on their heads: averaged while at rest, passed on as soon as a part moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facemesh_ros.smoothing.landmark_groups import GROUPS, SKIN, LandmarkGroups
from facemesh_ros.types import Float64

# Variances above which a group's change is an expression: skin, and all that moves more.
AT_REST = np.array([16.0 if group == SKIN else 9.0 for group in range(len(GROUPS))])
WHILE_MOVING = 1.0
MOVING_S = 0.3
SHORTEST_REST_S = 1e-6


@dataclass(frozen=True, slots=True)
class Shape:
    """State of N faces.

    Attributes:
        means: (N, 3, L) on the head, in lengths of its axes.
        updates: (N,) how many images each has seen.
        activities: (N, G) from 0, at rest, to 1.
    """

    means: Float64
    updates: Float64
    activities: Float64


def resting(faces: Float64, groups: LandmarkGroups) -> Shape:
    """Return faces (N, 3, L) that are seen for the first time."""
    count = len(faces)
    return Shape(faces, np.zeros(count), np.zeros((count, len(groups.noise))))


def followed(
    before: Shape,
    measured: Float64,
    axes: Float64,
    noise_px: Float64,
    groups: LandmarkGroups,
    elapsed_s: Float64,
    rest_time_s: float,
) -> Shape:
    """Take the next measurement.

    Args:
        before: N faces.
        measured: (N, 3, L) on the head.
        axes: (N, 3, 3) px, in columns the head's axes in the image.
        noise_px: (N,) standard deviation of the skin's landmarks.
        groups: Of the landmarks.
        elapsed_s: (N,).
        rest_time_s: Over which faces at rest are averaged.
    """
    changes = measured - before.means
    changes_px = axes[:, :2] @ changes
    squares = 0.5 * np.square(changes_px, out=changes_px).sum(axis=1)
    powers = squares @ groups.means.T / (groups.noise * noise_px[:, None]) ** 2
    activities = before.activities * np.exp(-elapsed_s[:, None] / MOVING_S)
    thresholds = AT_REST * (WHILE_MOVING / AT_REST) ** activities
    # As James and Stein shrink towards a mean, but firmer: noise stays in, a blink passes whole.
    moving = 1 - np.minimum(thresholds / np.maximum(powers, thresholds), 1) ** 2
    updates = before.updates + 1
    # Noise averages out; what is more than noise, but less than an expression, is met sooner.
    rates_hz = np.maximum(powers, 1) / max(rest_time_s, SHORTEST_REST_S)
    averaging = np.maximum(1 / updates[:, None], -np.expm1(-rates_hz * elapsed_s[:, None]))
    gains = np.maximum(moving, averaging).take(groups.group_of_landmark, axis=1)
    changes *= gains[:, None]
    return Shape(before.means + changes, updates, np.maximum(activities, moving))
