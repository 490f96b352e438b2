"""Gives back to the kernel what the C library's allocator keeps without need.

`malloc` returns only the end of its memory. Where small blocks that stay lie behind large ones
that were freed, as after images of many sizes, what is free between them stays resident: 300 MB
after an hour of a node with 100 MB in use.
"""

from __future__ import annotations

import ctypes
import resource
import time
from collections import deque
from pathlib import Path
from threading import Thread

PERIOD_S = 5.0
# Images of a camera come and go within a second, and are not what is meant.
SAMPLES = 12
# Above what the node did with before, bytes.
ALLOWED = 64 << 20
_STATM = Path('/proc/self/statm')


class _MallInfo(ctypes.Structure):
    """`struct mallinfo2` of glibc 2.33 and later; see mallinfo(3)."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            *('arena', 'ordblks', 'smblks', 'hblks', 'hblkhd'),
            *('usmblks', 'fsmblks', 'uordblks', 'fordblks', 'keepcost'),
        )
    )


class UnusedMemory:
    """Decides when memory is given back: once that is unused which was not for a minute before.

    Large images need more of it than small ones. So it is compared with the least of a minute, and
    what was the least is measured again after each time.
    """

    def __init__(self) -> None:
        self._window: deque[int] = deque(maxlen=SAMPLES)
        self._least: int | None = None

    def is_too_much(self, unused: int) -> bool:
        """Take a sample of what is resident and not in use, bytes; True: give it back now."""
        self._window.append(unused)
        if len(self._window) < SAMPLES:
            return False
        least_of_window = min(self._window)
        if self._least is None or least_of_window < self._least:
            self._least = least_of_window
        if least_of_window <= self._least + ALLOWED:
            return False
        self._least = None
        self._window.clear()
        return True


def give_back_unused_memory(period_s: float = PERIOD_S) -> None:
    """Start a thread that does so, every minute at most; nothing but with glibc 2.33 and later.

    It affects the whole process, so only its `main` calls it.
    """
    if bytes_in_use() is not None and _STATM.exists():
        Thread(target=_watch, args=(period_s,), name='memory', daemon=True).start()


def bytes_in_use() -> int | None:
    """Return what malloc has given away, bytes; None where the C library does not say it."""
    mallinfo = getattr(ctypes.CDLL(None), 'mallinfo2', None)
    if mallinfo is None:
        return None
    mallinfo.restype = _MallInfo
    info = mallinfo()
    return int(info.uordblks + info.hblkhd)


def _watch(period_s: float) -> None:
    memory, library = UnusedMemory(), ctypes.CDLL(None)
    while True:
        time.sleep(period_s)
        if memory.is_too_much(_unused()):
            library.malloc_trim(0)


def _unused() -> int:
    """Return what is resident, not shared, and not in use by anything that malloc knows; bytes."""
    _, resident, shared, *_ = map(int, _STATM.read_text().split())
    return (resident - shared) * resource.getpagesize() - (bytes_in_use() or 0)
