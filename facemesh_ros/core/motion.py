"""Constant-velocity motion of faces in the image."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.core.types import Float64

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


@dataclass(slots=True)
class Motion:
    """Velocities of N faces, by a Kalman filter whose place is always the measured one.

    Attributes:
        velocities: (N, 2) px per s.
        lasting: (N, 2) the same, followed slowly.
        place_variances: (N,) in face sizes, squared.
        covariances: (N,) of place and velocity.
        velocity_variances: (N,) in face sizes per s, squared.
    """

    velocities: Float64
    lasting: Float64
    place_variances: Float64
    covariances: Float64
    velocity_variances: Float64

    @staticmethod
    def at_rest(count: int) -> Motion:
        """Return the motion of faces that were seen once."""
        return Motion(
            np.zeros((count, 2)),
            np.zeros((count, 2)),
            np.full(count, PLACE_NOISE**2),
            np.zeros(count),
            np.full(count, FIRST_SPEED**2),
        )

    def pass_time(self, interval_s: float) -> None:
        """Let the uncertainty grow for a while."""
        self.lasting += (self.velocities - self.lasting) * -math.expm1(-interval_s / LASTING_S)
        place_push, velocity_push = interval_s**2 / 2 * ACCELERATION, interval_s * ACCELERATION
        self.place_variances += interval_s * (
            2 * self.covariances + interval_s * self.velocity_variances
        )
        self.place_variances += place_push**2
        self.covariances += interval_s * self.velocity_variances + place_push * velocity_push
        self.velocity_variances += velocity_push**2

    def measure(self, chosen: NDArray[np.intp], surprises: Float64) -> None:
        """Learn from where chosen faces are.

        Args:
            chosen: Indices of K of the N faces.
            surprises: (K, 2) px, measured minus expected place.
        """
        place, covariance = self.place_variances[chosen], self.covariances[chosen]
        total = place + PLACE_NOISE**2
        gain, rest = covariance / total, PLACE_NOISE**2 / total
        self.velocities[chosen] += gain[:, None] * surprises
        self.place_variances[chosen] = rest * place
        self.covariances[chosen] = rest * covariance
        self.velocity_variances[chosen] -= gain * covariance

    def lose(self, chosen: NDArray[np.intp]) -> None:
        """Have faces that got out of sight go on as they did before something hid them."""
        self.velocities[chosen] = self.lasting[chosen]

    def slow_down(self, chosen: NDArray[np.bool_], interval_s: float) -> None:
        """Brake faces that are out of sight."""
        self.velocities[chosen] *= math.exp(-interval_s / COASTING_S)
