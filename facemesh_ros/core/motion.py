"""Constant-velocity motion of faces in the image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facemesh_ros.core.types import Float64

# In face sizes: how exactly a face's place is measured, how fast it may be at first, and how
# hard it may accelerate (per s, per s squared).
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
        covariances: (N, 2, 2) of place and velocity, in face sizes and s.
    """

    velocities: Float64
    lasting: Float64
    covariances: Float64

    @staticmethod
    def at_rest(count: int) -> Motion:
        """Return the motion of faces that were seen once."""
        first = np.diag([PLACE_NOISE**2, FIRST_SPEED**2])
        return Motion(
            np.zeros((count, 2)), np.zeros((count, 2)), np.repeat(first[None], count, axis=0)
        )

    def pass_time(self, interval_s: float) -> None:
        """Let the uncertainty grow for a while."""
        self.lasting += (self.velocities - self.lasting) * -np.expm1(-interval_s / LASTING_S)
        transition = np.array([[1, interval_s], [0, 1]])
        push = np.array([interval_s**2 / 2, interval_s]) * ACCELERATION
        self.covariances = transition @ self.covariances @ transition.T + np.outer(push, push)

    def measure(self, chosen: np.ndarray, surprises: Float64) -> None:
        """Learn from where chosen faces are.

        Args:
            chosen: Indices of K of the N faces.
            surprises: (K, 2) px, measured minus expected place.
        """
        before = self.covariances[chosen]
        gains = before[:, :, 0] / (before[:, 0, 0] + PLACE_NOISE**2)[:, None]
        self.velocities[chosen] += gains[:, 1:] * surprises
        self.covariances[chosen] = before - gains[:, :, None] * before[:, None, 0, :]

    def lose(self, chosen: np.ndarray) -> None:
        """Have faces that got out of sight go on as they did before something hid them."""
        self.velocities[chosen] = self.lasting[chosen]

    def slow_down(self, chosen: np.ndarray, interval_s: float) -> None:
        """Brake faces that are out of sight, by indices or a mask."""
        self.velocities[chosen] *= np.exp(-interval_s / COASTING_S)
