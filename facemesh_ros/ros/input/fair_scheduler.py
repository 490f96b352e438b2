"""At most N workers at once, round-robin over cameras, newest image first."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock


class FairScheduler:
    """Limits how many slots work at once and gives all of them equally many turns.

    In each round every slot with work gets one turn. Within a round the slot with the newest image
    goes first: what the others have waiting is older, and will have been replaced by a newer image
    when their turn comes. A slot that was idle joins the current round; it has no turns to catch
    up on.

    Source: start-time fair queueing (Goyal, Vin, Cheng 1996), all work of one length.
    """

    def __init__(self, max_workers: int) -> None:
        self._free = max_workers
        self._round = 0
        self._waiting: list[Slot] = []
        self._guard = Lock()

    @property
    def waiting(self) -> int:
        """Number of slots that wait for their turn."""
        return len(self._waiting)

    def enter(self, slot: Slot) -> None:
        """Wait for a turn."""
        with self._guard:
            slot.round = max(slot.round + 1, self._round)
            if self._free:
                self._free -= 1
                self._round = slot.round
                return
            self._waiting.append(slot)
        slot.turn.acquire()  # until `leave` of another slot releases it

    def leave(self) -> None:
        """End a turn and start that of the next slot."""
        with self._guard:
            if not self._waiting:
                self._free += 1
                return
            slot = min(self._waiting, key=lambda one: (one.round, -one.newest_s()))
            self._waiting.remove(slot)
            self._round = slot.round
            slot.turn.release()


class Slot:
    """One worker's place in a scheduler: the body of `with slot:` is one turn.

    Attributes:
        newest_s: Returns when the image that it waits with arrived, s of any clock.
        round: Of its last turn, or of the one it waits for.
        turn: Released when its turn comes.
    """

    def __init__(self, scheduler: FairScheduler, newest_s: Callable[[], float]) -> None:
        self.newest_s, self.round = newest_s, 0
        self.turn = Lock()
        self.turn.acquire()
        self._scheduler = scheduler

    def __enter__(self) -> None:
        self._scheduler.enter(self)

    def __exit__(self, *_: object) -> None:
        self._scheduler.leave()
