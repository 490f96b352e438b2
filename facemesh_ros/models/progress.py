"""Shows the progress of a download: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TextIO

Advance = Callable[[int], None]
_LINE_INTERVAL_S = 5.0


def tell(text: str) -> None:
    """Say one line; standard output stays free for results."""
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def transfer(title: str, total_bytes: int) -> Iterator[Advance]:
    """Show one transfer while the block runs.

    Args:
        title: What is transferred.
        total_bytes: How much it will be.

    Yields:
        A function that takes the number of bytes that arrived since its last call.
    """
    shown = _bar if sys.stderr.isatty() and _has_rich() else _lines
    with shown(title, total_bytes) as advance:
        yield advance


def _has_rich() -> bool:
    try:
        import rich.progress  # noqa: F401
    except ModuleNotFoundError:
        return False
    return True


@contextlib.contextmanager
def _bar(title: str, total_bytes: int) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (
        TextColumn('{task.description}'),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(title, total=total_bytes)
        yield lambda count: progress.advance(task, count)


@contextlib.contextmanager
def _lines(title: str, total_bytes: int) -> Iterator[Advance]:
    lines = _Lines(title, total_bytes, sys.stderr)
    yield lines.advance
    if lines.count:
        lines.show()


class _Lines:
    def __init__(self, title: str, total_bytes: int, stream: TextIO) -> None:
        self._title, self._total, self._stream = title, total_bytes, stream
        self._start = self._shown = time.monotonic()
        self.count = 0

    def advance(self, count: int) -> None:
        self.count += count
        if time.monotonic() - self._shown > _LINE_INTERVAL_S:
            self.show()

    def show(self) -> None:
        self._shown = time.monotonic()
        speed = self.count / max(self._shown - self._start, 1e-3)
        print(
            f'{self._title}: {self.count / 1e6:.1f} of {self._total / 1e6:.1f} MB, '
            f'{speed / 1e6:.1f} MB/s',
            file=self._stream,
            flush=True,
        )
