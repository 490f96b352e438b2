"""A thread that does something once a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Thread

PERIOD_S = 1.0
# What is slept at once, to close soon. Up to Python 3.10, an event with a timeout waits for hours
# if the system's clock is set back; a sleep does not.
TICK_S = 0.1


class EverySecond:
    """Calls a function once a second until it is closed; what is late is not made up for."""

    def __init__(self, call: Callable[[], object], name: str) -> None:
        """Begin in a second; `call` must not raise."""
        self._call, self._is_closed = call, False
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread, after the call in progress."""
        self._is_closed = True
        self._thread.join()
        self._call = _nothing  # its owner refers to this

    def _run(self) -> None:
        due_s = time.monotonic() + PERIOD_S
        while not self._is_closed:
            left_s = due_s - time.monotonic()
            if left_s > 0:
                time.sleep(min(left_s, TICK_S))
                continue
            due_s = time.monotonic() + PERIOD_S
            self._call()


def _nothing() -> None:
    pass
