"""Filter state of each track from frame to frame, and when it starts anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.frame_clock import NOMINAL_INTERVAL_S
from facemesh_ros.struct_of_arrays import join, merge, select
from facemesh_ros.types import Float64

State = TypeVar('State')
Ids = NDArray[np.int64]

NS_PER_S = 1e9
MAX_GAP_S = 0.5
# Closer stamps come from the clock or the transport, not from the motion between two exposures.
MIN_INTERVAL_S = 1 / 250
# From one frame to the next: distance in face sizes, and ratio of sizes.
MAX_JUMP = 1.0
MAX_SIZE_RATIO = 1.6


@dataclass(frozen=True, slots=True)
class FacePositions:
    """Positions and sizes of N faces.

    Attributes:
        centres: (N, 2) px.
        sizes: (N,) px, about the height and width of each.
    """

    centres: Float64
    sizes: Float64


@dataclass(frozen=True, slots=True)
class _Stored(Generic[State]):
    ids: Ids
    stamps_ns: Ids
    positions: FacePositions
    state: State


class PerTrackState(Generic[State]):
    """Filter state by track id. A state is an array with a face axis first, or a struct of them.

    A track may be absent for a while and is then continued over the true interval. It starts anew
    after more than 0.5 s, when time goes back, and when it jumps or changes size so far that it
    must be another face. Equal stamps count as 1/30 s.

    Example:
        >>> tracks, ids = PerTrackState(), np.array([7])
        >>> positions = FacePositions(np.zeros((1, 2)), np.ones(1))
        >>> tracks.store(ids, positions, 0, np.array([3.0]))
        >>> tracks.resume(ids, positions, 100_000_000, lambda: np.array([0.0]))
        (array([3.]), array([0.1]))
        >>> tracks.resume(ids, positions, 900_000_000, lambda: np.array([0.0]))[0]
        array([0.])
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all tracks."""
        self._stored: _Stored[State] | None = None

    def resume(
        self, ids: Ids, positions: FacePositions, stamp_ns: int, initial: Callable[[], State]
    ) -> tuple[State, Float64]:
        """Return the states of the faces of a frame.

        Args:
            ids: (N,).
            positions: Of the N faces.
            stamp_ns: Of the frame.
            initial: Makes states of N faces that start now; called if one of them does.

        Returns:
            N states, taken from `initial` for a face that starts, and (N,) s since each was
            measured, 1/30 for one that starts.
        """
        stored = self._stored
        if stored is None or not len(stored.ids) or not len(ids):
            return initial(), np.full(len(ids), NOMINAL_INTERVAL_S)
        continued = np.ones(len(ids), bool)
        if ids is not stored.ids and not np.array_equal(ids, stored.ids):
            same = ids[:, None] == stored.ids
            continued, stored = same.any(axis=1), select(stored, same.argmax(axis=1))
        elapsed_s = (stamp_ns - stored.stamps_ns) / NS_PER_S
        continued &= (elapsed_s >= 0) & (elapsed_s <= MAX_GAP_S)
        continued &= _is_reachable(positions, stored.positions)
        elapsed_s[~continued | (elapsed_s == 0)] = NOMINAL_INTERVAL_S
        elapsed_s = np.maximum(elapsed_s, MIN_INTERVAL_S)
        if continued.all():
            return stored.state, elapsed_s
        return merge(continued, stored.state, initial()), elapsed_s

    def store(self, ids: Ids, positions: FacePositions, stamp_ns: int, state: State) -> None:
        """Store the states of N faces; absent ones stay as they were until they are too old."""
        now = _Stored(ids, np.full(len(ids), stamp_ns, np.int64), positions, state)
        before = self._stored
        if before and ids is not before.ids and not np.array_equal(ids, before.ids):
            ages_s = (stamp_ns - before.stamps_ns) / NS_PER_S
            absent = ~(before.ids[:, None] == ids).any(axis=1)
            absent &= (ages_s >= 0) & (ages_s <= MAX_GAP_S)
            if absent.any():
                now = join(now, select(before, absent))
        self._stored = now


def _is_reachable(now: FacePositions, before: FacePositions) -> NDArray[np.bool_]:
    """Return whether each face can have moved from one position to the other within a frame."""
    steps = now.centres - before.centres
    distances = np.hypot(steps[:, 0], steps[:, 1])
    larger, smaller = np.maximum(now.sizes, before.sizes), np.minimum(now.sizes, before.sizes)
    reachable: NDArray[np.bool_] = distances <= MAX_JUMP * larger
    return reachable & (larger <= MAX_SIZE_RATIO * smaller)
