"""What a long command is at, in one line that is drawn over: how long it takes and said last."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TAIL_BYTES = 20_000
# On a terminal, where one line is drawn again and again, and elsewhere, where each is a new one.
_REDRAW_S, _LINE_S = 0.5, 60.0


@contextmanager
def waiting_line(log: Path) -> Iterator[None]:
    """Show how long the block takes, and what was written to its log last."""
    ended = threading.Event()
    shown = threading.Thread(target=_show_until, args=(ended, log), daemon=True)
    shown.start()
    try:
        yield
    finally:
        ended.set()
        shown.join()


def _show_until(ended: threading.Event, log: Path) -> None:
    started, erase = time.monotonic(), erasure()
    while not ended.wait(_REDRAW_S if erase else _LINE_S):
        line = f'    {time.monotonic() - started:.0f} s  {last_line(log)}'
        if erase:
            line = line[: shutil.get_terminal_size().columns - 1]
        print(f'{erase}{line}', end='' if erase else '\n', file=sys.stderr, flush=True)
    print(erase, end='', file=sys.stderr, flush=True)


def last_line(log: Path) -> str:
    """Return the last line of a file that has been ended and is not empty."""
    with log.open('rb') as file:
        file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        ended_lines = file.read().decode(errors='replace').split('\n')[:-1]
    # A bar of progress draws over itself.
    said = [line.rstrip('\r').rpartition('\r')[2].strip() for line in ended_lines]
    return ''.join(filter(str.isprintable, next(filter(None, reversed(said)), '')))


def erasure() -> str:
    """Return what erases the line on the terminal; empty where there is none that can."""
    is_terminal = sys.stderr.isatty() and os.environ.get('TERM', 'dumb') != 'dumb'
    return '\r\x1b[K' if is_terminal else ''
