"""Signals (Ctrl-C, SIGTERM, SIGHUP) that end a command early and keep its results."""

from __future__ import annotations

import signal
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption(KeyboardInterrupt):
    """The command must end at once.

    Attributes:
        status: Exit status, 128 plus the signal's number.
    """

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class InterruptHandler:
    """Handles SIGTERM and SIGHUP like Ctrl-C; a context manager.

    Attributes:
        deferred: Whether the first signal is only recorded, so that all outputs end with the same
            image. A second signal, or any while this is false, raises Interruption.
        status: Exit status for the recorded signal, 0 if there was none.
    """

    def __init__(self) -> None:
        self.deferred, self.status = False, 0
        self._before = {number: signal.getsignal(number) for number in _SIGNALS}

    def __enter__(self) -> InterruptHandler:
        for number, handler in self._before.items():
            if handler is not signal.SIG_IGN:  # nohup, or a shell's background
                signal.signal(number, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, _: FrameType | None) -> None:
        is_second, self.status = bool(self.status), 128 + number
        if is_second or not self.deferred:
            raise Interruption(self.status)
