"""Signals that end a command early, with its results kept."""

from __future__ import annotations

import signal
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption(KeyboardInterrupt):
    """The command is to end at once.

    Attributes:
        status: Exit status, as shells say it.
    """

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class EndingSignals:
    """Lets SIGTERM and SIGHUP end a command as Ctrl-C does; used as a context manager.

    Attributes:
        patient: Whether the first signal is noted only, for all results to end with the same
            image; a second one, or any while this is false, raises Interruption.
        status: Exit status for the signal that was noted, 0 if none was.
    """

    def __init__(self) -> None:
        self.patient, self.status = False, 0
        self._before = {number: signal.getsignal(number) for number in _SIGNALS}

    def __enter__(self) -> EndingSignals:
        for number, handler in self._before.items():
            if handler is not signal.SIG_IGN:  # nohup, or a shell's background
                signal.signal(number, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, _: FrameType | None) -> None:
        is_second, self.status = bool(self.status), 128 + number
        if is_second or not self.patient:
            raise Interruption(self.status)
