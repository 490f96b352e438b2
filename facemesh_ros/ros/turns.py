"""Whose turn it is to work, where several threads want to."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock


class Turns:
    """Lets only so many threads work at once, in the order in which they asked.

    A semaphore would do the first alone: whoever has just finished may take it again before
    those that wait wake up, and one busy camera would starve the others.
    """

    def __init__(self, places: int) -> None:
        """Take how many may work at once."""
        self._free = places
        self._waiting: deque[Lock] = deque()
        self._guard = Lock()

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a place and keep it inside."""
        self._enter()
        try:
            yield
        finally:
            self._leave()

    def _enter(self) -> None:
        gate = Lock()
        gate.acquire()
        with self._guard:
            if self._free:
                self._free -= 1
                return
            self._waiting.append(gate)
        gate.acquire()  # until somebody hands his place over

    def _leave(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1
