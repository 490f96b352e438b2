"""SIGINT, SIGTERM and SIGHUP from a process' first moment on.

Of the standard library alone: it is imported before all that takes time.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys

# What shells say of a program that Ctrl-C ended: 128 + SIGINT.
ENDED_BY_SIGNAL = 130
_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def termination_signals() -> list[signal.Signals]:
    """Return the signals that end a process of this package; SIGHUP not under `nohup`."""
    return [
        number
        for number in _NUMBERS
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN
    ]


def exit_on_signals(status: int = 0, sentence: str = '') -> None:
    """Let a signal end this process at once, also one that was held back until now.

    For as long as there is nothing to give back: Python's imports take a second, and its own
    handler would break them off with a traceback.

    Args:
        status: The exit status.
        sentence: What is said on standard error.
    """

    def end(*_: object) -> None:
        if sentence:
            os.write(sys.stderr.fileno(), f'{sentence}\n'.encode())
        os._exit(status)

    for number in termination_signals():
        signal.signal(number, end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _NUMBERS)


def block_signals() -> set[signal.Signals]:
    """Keep signals waiting until `exit_on_signals`, here and in programs started from now on.

    Returns:
        Those that waited before, for `signal.pthread_sigmask(signal.SIG_SETMASK, …)`.
    """
    return signal.pthread_sigmask(signal.SIG_BLOCK, _NUMBERS)


class TerminationSignals:
    """The same signals, which from now on are noted and do nothing else.

    rclpy's handlers wake executors from a thread that does not notice when these are destroyed:
    one end in a hundred was a segmentation fault. Python's raises KeyboardInterrupt in the midst
    of whatever runs.
    """

    def __init__(self) -> None:
        """Take the signals over; call it once, in the main thread."""
        self._arrived, self._noted = socket.socketpair()
        self._noted.setblocking(False)
        signal.set_wakeup_fd(self._noted.fileno(), warn_on_full_buffer=False)
        for number in termination_signals():
            signal.signal(number, lambda *_: None)

    @property
    def have_come(self) -> bool:
        """Whether one has come, be it long ago."""
        return bool(select.select([self._arrived], [], [], 0)[0])

    def wait(self) -> None:
        """Return once one has come, be it long ago."""
        select.select([self._arrived], [], [])

    def pretend(self) -> None:
        """End a wait."""
        self._noted.send(b'\0')

    def ignore(self) -> None:
        """Let no signal disturb the interpreter's end, when all has been given back."""
        for number in termination_signals():
            signal.signal(number, signal.SIG_IGN)
