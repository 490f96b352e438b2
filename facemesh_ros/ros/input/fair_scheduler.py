"""Whose turn it is to work, where several threads want to."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from types import TracebackType


class FairScheduler:
    """Lets only so many seats work at once: each as often as another, the newest work first.

    In each round every seat that has work gets one turn. Within a round the one goes first whose
    work is the newest: what others have waiting is old already, and will have been replaced by
    something newer when their turn comes. A seat that had nothing to do for a while joins the
    round that is on; it has no turns to catch up on.

    Source: start-time fair queueing (Goyal, Vin, Cheng 1996), all work of one length.
    """

    def __init__(self, places: int) -> None:
        """Take how many may work at once."""
        self._free = places
        self._round = 0
        self._waiting: list[Slot] = []
        self._guard = Lock()

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    def seat(self, newest: Callable[[], float]) -> Slot:
        """Return a seat for one thread; `newest` says when its work arrived, any clock's s."""
        return Slot(self, newest)

    def enter(self, seat: Slot) -> None:
        """Wait for a place."""
        with self._guard:
            seat.round = max(seat.round + 1, self._round)
            if self._free:
                self._free -= 1
                self._round = seat.round
                return
            self._waiting.append(seat)
        seat.called.acquire()  # until somebody hands his place over

    def leave(self) -> None:
        """Hand a place over."""
        with self._guard:
            if not self._waiting:
                self._free += 1
                return
            seat = min(self._waiting, key=lambda one: (one.round, -one.newest()))
            self._waiting.remove(seat)
            self._round = seat.round
            seat.called.release()


class Slot:
    """One thread's claim to its turns: inside a `with` it has a place.

    Attributes:
        newest: Says when the work that it waits for arrived.
        round: In which it has had its last turn, or has its next.
        called: Released when its turn has come.
    """

    def __init__(self, turns: FairScheduler, newest: Callable[[], float]) -> None:
        """Take whose seat it is; see `FairScheduler.seat`."""
        self.newest, self.round = newest, 0
        self.called = Lock()
        self.called.acquire()
        self._turns = turns

    def __enter__(self) -> None:
        """Wait for a place."""
        self._turns.enter(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hand it over."""
        self._turns.leave()
