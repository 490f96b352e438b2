"""Numbers that tell faces apart, for as long as a process runs."""

from __future__ import annotations

from threading import Lock


class FaceIds:
    """Counts up from 1 and gives no number twice; the streams of a process may share one."""

    def __init__(self) -> None:
        self._issued = 0
        self._lock = Lock()

    def take(self, count: int) -> int:
        """Give out `count` numbers in a row and return the first."""
        with self._lock:
            first = self._issued + 1
            self._issued += count
        return first
