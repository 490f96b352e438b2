"""Constant-velocity Kalman filter of the motion of faces in the image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facemesh_ros import native
from facemesh_ros.struct_of_arrays import Indices, StructOfArrays, put
from facemesh_ros.types import Float64

# Standard deviations in face sizes: of a measured position, of the first velocity (per s), and of
# the acceleration (per s squared). With more acceleration, what slides in front of a face drags
# its prediction along; docs/identity.md has the figures.
POSITION_NOISE = 0.02
INITIAL_SPEED = 2.0
ACCELERATION = 6.0
# An occluded face is assumed to slow down, with this time constant.
COASTING_S = 0.5
# What slides in front of a face drags its landmarks along before the face is lost. So a lost face
# goes on with its velocity averaged over this time.
VELOCITY_AVERAGING_S = 0.3
# After a longer interval between two images, motion no longer predicts where faces are.
LONG_GAP_S = 0.3
MODEL = (POSITION_NOISE, ACCELERATION, COASTING_S, VELOCITY_AVERAGING_S)


@dataclass(slots=True)
class TrackMotion(StructOfArrays):
    """Velocities of N tracks, by a Kalman filter whose position is always the measured one.

    State [position, velocity] with covariance P = [[p, c], [c, v]], the same in x and y:

        predict:  P <- F P F' + a² G G',  F = [[1, t], [0, 1]],  G = [t²/2, t]
        correct:  velocity <- velocity + c / (p + r²) * innovation,  P <- (I - K H) P

    with r = POSITION_NOISE and a = ACCELERATION in face sizes. Arrays are replaced, never changed.

    Example:
        >>> motion = TrackMotion.at_rest(1)
        >>> there, seen = np.zeros((1, 2)), np.zeros(1, np.int64)
        >>> offsets = motion.predict(0.1, there, seen)
        >>> motion.correct(there, offsets, np.array([[10.0, 0.0]]))
        >>> motion.velocities.round(1).tolist()
        [[100.2, 0.0]]

    Attributes:
        velocities: (N, 2) px per s.
        mean_velocities: (N, 2) px per s, low-pass filtered.
        variances: (N, 3) p, c and v above, in face sizes and s.
    """

    velocities: Float64
    mean_velocities: Float64
    variances: Float64

    @staticmethod
    def at_rest(count: int) -> TrackMotion:
        """Return the motion of faces that were seen once."""
        first = np.tile([POSITION_NOISE**2, 0.0, INITIAL_SPEED**2], (count, 1))
        return TrackMotion(np.zeros((count, 2)), np.zeros((count, 2)), first)

    def predict(self, interval_s: float, offsets: Float64, misses: NDArray[np.int64]) -> Float64:
        """Let a while pass; tracks that were missed slow down.

        Args:
            interval_s: How long.
            offsets: (N, 2) px, how far each has moved since it was seen.
            misses: (N,) images in a row that did not show it.

        Returns:
            (N, 2) px, how far each has moved then.
        """
        *state, moved = native.predict_motion(*self._state, offsets, misses, interval_s, MODEL)
        self.velocities, self.mean_velocities, self.variances = state
        return moved

    def correct(self, before: Float64, offsets: Float64, now: Float64) -> None:
        """Take a measurement; the innovation is now - (before + offsets).

        Args:
            before: (N, 2) px, where each was seen last.
            offsets: (N, 2) px, how far it was expected to have moved since.
            now: (N, 2) px, where it is.
        """
        state = native.correct_motion(*self._state, before, offsets, now, MODEL)
        self.velocities, self.mean_velocities, self.variances = state

    def use_mean_velocities(self, rows: Indices) -> None:
        """Let some tracks go on at their mean velocity."""
        self.velocities = put(self.velocities, rows, self.mean_velocities[rows])

    @property
    def _state(self) -> tuple[Float64, Float64, Float64]:
        return self.velocities, self.mean_velocities, self.variances
