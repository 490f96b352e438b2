"""SIGINT, SIGTERM and SIGHUP, handled from the first moment of a process.

Only the standard library: it is imported before everything that takes time.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys

# As shells report a program that Ctrl-C ended: 128 + SIGINT.
EXIT_INTERRUPTED = 130
_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def termination_signals() -> list[signal.Signals]:
    """Return the signals that end a process of this package; not SIGHUP under `nohup`."""
    return [
        number
        for number in _NUMBERS
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN
    ]


def exit_on_signals(status: int = 0, message: str = '') -> None:
    """Let a signal end this process at once, also one that was blocked until now.

    For the time before there is anything to clean up: Python's imports take a second, and its own
    handler would interrupt them with a traceback. `message` is printed to standard error.
    """

    def end(*_: object) -> None:
        if message:
            os.write(sys.stderr.fileno(), f'{message}\n'.encode())
        os._exit(status)

    for number in termination_signals():
        signal.signal(number, end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _NUMBERS)


def block_signals() -> set[signal.Signals]:
    """Block signals until `exit_on_signals`, here and in programs started from now on.

    Returns:
        Those blocked before, for `signal.pthread_sigmask(signal.SIG_SETMASK, …)`.
    """
    return signal.pthread_sigmask(signal.SIG_BLOCK, _NUMBERS)


class TerminationSignals:
    """Records the signals that end a process, in place of all other handlers.

    rclpy's handlers wake executors from a thread that does not notice when these are destroyed:
    one process in a hundred ended with a segmentation fault. Python's own handler raises
    KeyboardInterrupt wherever the program is.
    """

    def __init__(self) -> None:
        """Install the handlers; call it once, in the main thread."""
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in termination_signals():
            signal.signal(number, lambda *_: None)

    @property
    def received(self) -> bool:
        """Whether a signal has arrived since this was made."""
        return bool(select.select([self._reader], [], [], 0)[0])

    def wait(self) -> None:
        """Wait until a signal has arrived since this was made."""
        select.select([self._reader], [], [])

    def wake(self) -> None:
        """End a wait as if a signal had arrived."""
        self._writer.send(b'\0')

    def ignore(self) -> None:
        """Ignore signals from now on, when everything is cleaned up."""
        for number in termination_signals():
            signal.signal(number, signal.SIG_IGN)
