"""What a filter remembers of each face from frame to frame, and when it must not."""

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
# From one frame to the next, in sizes of the face, and as a ratio of sizes.
MAX_JUMP = 1.0
MAX_ZOOM = 1.6


@dataclass(frozen=True, slots=True)
class Places:
    """Where N faces are.

    Attributes:
        centres: (N, 2) px.
        sizes: (N,) px, about the height and width of each.
    """

    centres: Float64
    sizes: Float64


@dataclass(frozen=True, slots=True)
class _Remembered(Generic[State]):
    ids: Ids
    stamps_ns: Ids
    places: Places
    state: State


class PerTrackState(Generic[State]):
    """State by id. A state is an array with a face axis first, or a dataclass of states.

    A face may be absent for a while and is then continued over the true interval. It begins anew
    after more than 0.5 s, when time goes back, and when it jumps or changes size so far that it
    must be another one. Equal stamps count as 1/30 s.
    """

    def __init__(self) -> None:
        self._known: _Remembered[State] | None = None

    def reset(self) -> None:
        """Forget all faces."""
        self._known = None

    def resume(
        self, ids: Ids, places: Places, stamp_ns: int, fresh: Callable[[], State]
    ) -> tuple[State, Float64]:
        """Return what is known of the faces of a frame.

        Args:
            ids: (N,).
            places: Of the N faces.
            stamp_ns: Of the frame.
            fresh: Makes states of N faces that begin now; called if one of them does.

        Returns:
            N states, taken from `fresh` for a face that begins, and (N,) s since each was seen,
            1/30 for one that begins.
        """
        known = self._known
        if known is None or not len(known.ids) or not len(ids):
            return fresh(), np.full(len(ids), NOMINAL_INTERVAL_S)
        continued = np.ones(len(ids), bool)
        if not _equal(ids, known.ids):
            same = ids[:, None] == known.ids
            continued, known = same.any(axis=1), select(known, same.argmax(axis=1))
        elapsed_s = (stamp_ns - known.stamps_ns) / NS_PER_S
        continued &= (elapsed_s >= 0) & (elapsed_s <= MAX_GAP_S) & _is_near(places, known.places)
        elapsed_s[~continued | (elapsed_s == 0)] = NOMINAL_INTERVAL_S
        elapsed_s = np.maximum(elapsed_s, MIN_INTERVAL_S)
        if continued.all():
            return known.state, elapsed_s
        return merge(continued, known.state, fresh()), elapsed_s

    def keep(self, ids: Ids, places: Places, stamp_ns: int, state: State) -> None:
        """Remember N faces; those that are absent stay as they were, until they are too old."""
        now = _Remembered(ids, np.full(len(ids), stamp_ns, np.int64), places, state)
        if self._known is not None and not _equal(ids, self._known.ids):
            ages_s = (stamp_ns - self._known.stamps_ns) / NS_PER_S
            absent = ~(self._known.ids[:, None] == ids).any(axis=1)
            absent &= (ages_s >= 0) & (ages_s <= MAX_GAP_S)
            if absent.any():
                now = join(now, select(self._known, absent))
        self._known = now


def _equal(ids: Ids, others: Ids) -> bool:
    return ids is others or np.array_equal(ids, others)


def _is_near(now: Places, before: Places) -> NDArray[np.bool_]:
    """Return whether each face can have moved from one place to the other."""
    ways = now.centres - before.centres
    distances = np.hypot(ways[:, 0], ways[:, 1])
    larger, smaller = np.maximum(now.sizes, before.sizes), np.minimum(now.sizes, before.sizes)
    near: NDArray[np.bool_] = (distances <= MAX_JUMP * larger) & (larger <= MAX_ZOOM * smaller)
    return near
