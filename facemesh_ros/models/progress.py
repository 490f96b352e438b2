"""Shows the progress of a download: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

Advance = Callable[[int], None]
_LINE_INTERVAL_S = 5.0


def log(text: str) -> None:
    """Print one line to standard error; standard output stays free for results."""
    print(text, file=sys.stderr, flush=True)


def transfer(title: str, total_bytes: int) -> contextlib.AbstractContextManager[Advance]:
    """Show one transfer while the block runs.

    Args:
        title: What is transferred.
        total_bytes: How much it will be.

    Returns:
        A context that gives a function, which takes the number of bytes that arrived since its
        last call.
    """
    if sys.stderr.isatty():
        with contextlib.suppress(ModuleNotFoundError):
            return _bar(title, total_bytes)
    return _lines(title, total_bytes)


def _bar(title: str, total_bytes: int) -> contextlib.AbstractContextManager[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    name = TextColumn('{task.description}')
    columns = name, BarColumn(), DownloadColumn(), TransferSpeedColumn()
    progress = Progress(*columns, console=Console(stderr=True))

    @contextlib.contextmanager
    def shown() -> Iterator[Advance]:
        with progress:
            task = progress.add_task(title, total=total_bytes)
            yield lambda count: progress.advance(task, count)

    return shown()


@contextlib.contextmanager
def _lines(title: str, total_bytes: int) -> Iterator[Advance]:
    received, start_s = 0, time.monotonic()
    shown_s = start_s

    def show() -> None:
        nonlocal shown_s
        shown_s = time.monotonic()
        speed = received / max(shown_s - start_s, 1e-3)
        log(f'{title}: {received / 1e6:.1f} of {total_bytes / 1e6:.1f} MB, {speed / 1e6:.1f} MB/s')

    def advance(count: int) -> None:
        nonlocal received
        received += count
        if time.monotonic() - shown_s > _LINE_INTERVAL_S:
            show()

    yield advance
    if received:
        show()
