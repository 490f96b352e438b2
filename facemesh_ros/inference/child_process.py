"""What the processes that are started to work for another one share."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # from sys/prctl.h


def end_with_parent(parent: int) -> None:
    """Let the system end this process when the one that waits for it has ended.

    Called by the process itself: a function between fork and exec is not safe beside threads.

    Args:
        parent: The id of the process that waits, which may have ended by now.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # the one signal none can block
    if os.getppid() != parent:
        sys.exit('the process that started this one has ended')


def signal_name(number: int) -> str:
    """Return the name of a signal, e.g. SIGSEGV."""
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f'signal {number}'
