"""Constant-velocity motion of faces in the image."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.struct_of_arrays import Indices, Rows, put
from facemesh_ros.types import Float64

# In face sizes: how exactly a face's place is measured, how fast it may be at first, and how
# hard it may accelerate (per s, per s squared). With more, what slides before a face drags its
# expectation along; see docs/identity.md.
PLACE_NOISE = 0.02
FIRST_SPEED = 2.0
ACCELERATION = 6.0
# A face out of sight is taken to slow down: it travels on for at most this long.
COASTING_S = 0.5
# A face that something slides before drags its landmarks along with it at last. So what it was
# doing over such a time counts once it is out of sight.
LASTING_S = 0.3
# After so much time without an image nobody's motion tells where they are.
LONG_S = 0.3


@dataclass(slots=True)
class TrackMotion:
    """Velocities of N faces, by a Kalman filter whose place is always the measured one.

    Its arrays are replaced, never changed.

    Attributes:
        velocities: (N, 2) px per s.
        lasting: (N, 2) the same, followed slowly.
        variances: (N, 3) of the place, of place and velocity together, of the velocity; in sizes
            of the face and s.
    """

    velocities: Float64
    lasting: Float64
    variances: Float64

    @staticmethod
    def at_rest(count: int) -> TrackMotion:
        """Return the motion of faces that were seen once."""
        first = np.tile([PLACE_NOISE**2, 0.0, FIRST_SPEED**2], (count, 1))
        return TrackMotion(np.zeros((count, 2)), np.zeros((count, 2)), first)

    def pass_time(self, interval_s: float) -> None:
        """Let the uncertainty grow for a while."""
        weight, t = -math.expm1(-interval_s / LASTING_S), interval_s
        self.lasting = self.lasting + weight * (self.velocities - self.lasting)
        growth = np.array([[1.0, 0.0, 0.0], [2 * t, 1.0, 0.0], [t * t, t, 1.0]])
        push = np.array([t**4 / 4, t**3 / 2, t * t])
        self.variances = self.variances @ growth + ACCELERATION**2 * push

    def measure(self, chosen: Rows, surprises: Float64) -> None:
        """Learn from where chosen faces are.

        Args:
            chosen: K of the N faces.
            surprises: (K, 2) px, measured minus expected place.
        """
        before = self.variances[chosen]
        place, both, velocity = before[:, :1], before[:, 1:2], before[:, 2:]
        total = place + PLACE_NOISE**2
        gains = both / total
        after = before * (PLACE_NOISE**2 / total)
        after[:, 2:] = velocity - gains * both
        velocities = self.velocities[chosen] + gains * surprises
        self.velocities = put(self.velocities, chosen, velocities)
        self.variances = put(self.variances, chosen, after)

    def lose(self, chosen: Indices) -> None:
        """Have faces that got out of sight go on as they did before something hid them."""
        self.velocities = put(self.velocities, chosen, self.lasting[chosen])

    def slow_down(self, chosen: NDArray[np.bool_], interval_s: float) -> None:
        """Brake faces that are out of sight."""
        braked = math.exp(-interval_s / COASTING_S)
        self.velocities = self.velocities * np.where(chosen, braked, 1.0)[:, None]
