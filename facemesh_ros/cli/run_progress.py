"""The progress bar of `facemesh run`: share of all files, images per second, time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from facemesh_ros.io import MediaSource, readable_name


def size_of(source: MediaSource) -> int:
    """Return the bytes of a source's files; 0 for those that cannot be read."""
    return sum(map(bytes_of, source.files))


def bytes_of(path: Path) -> int:
    """Return the bytes of a file, or of the files in a folder; 0 if it cannot be read."""
    try:
        if path.is_dir():
            return sum(bytes_of(file) for file in path.iterdir())
        return path.stat().st_size
    except OSError:  # reported when it is read
        return 0


class RunProgress:
    """One bar for all files, on a terminal; a context manager.

    Files count by their bytes: what they hold is known only when they are opened.
    """

    def __init__(self, sources: Sequence[MediaSource]) -> None:
        self._sizes = [max(1, size_of(source)) for source in sources]
        self._names = [readable_name(source.files[0].name) for source in sources]
        self._done = [0.0] * len(sources)
        self._images = [0] * len(sources)
        self._total_done, self._total_images = 0.0, 0
        self._start_s = time.monotonic()
        self._bar = _bar()
        self._task = self._bar.add_task('', total=sum(self._sizes), rate='')

    def __enter__(self) -> RunProgress:
        self._bar.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    @property
    def console(self) -> Console:
        """Where to print above the bar."""
        return self._bar.console

    def show(self, index: int, share: float, images: int) -> None:
        """Take the share of a source that is done, and how many images that are."""
        self.note(index, share, images)
        self.refresh(index)

    def note(self, index: int, share: float, images: int) -> None:
        """Take the same without showing it."""
        self._total_done += share * self._sizes[index] - self._done[index]
        self._total_images += images - self._images[index]
        self._done[index], self._images[index] = share * self._sizes[index], images

    def refresh(self, index: int) -> None:
        """Show how far all are, under the name of one."""
        rate_hz = self._total_images / max(1e-3, time.monotonic() - self._start_s)
        self._bar.update(
            self._task,
            completed=self._total_done,
            description=f'{index + 1}/{len(self._sizes)} {self._names[index]}',
            rate=f'{rate_hz:.1f} images/s',
        )

    def skip(self, index: int) -> None:
        """Take that a source was done before."""
        self.note(index, 1.0, 0)


def print_error(console: Console, error: Exception | str) -> None:
    """Print an error in one line, red on a terminal."""
    # Text and soft_wrap keep brackets and the length of a file's name as they are.
    console.print(Text(f'facemesh: {error}', style='red'), soft_wrap=True)


def print_note(console: Console, sentence: str) -> None:
    """Print in one line what is to be known."""
    console.print(Text(f'facemesh: {sentence}'), soft_wrap=True)


def _bar() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn('{task.description}', markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn('{task.fields[rate]}', markup=False),
        TimeRemainingColumn(),
        TextColumn('left'),
        console=console,
        transient=True,
        disable=not console.is_terminal,
        # Else rich would move output meant for a file or pipe to the terminal.
        redirect_stdout=sys.stdout.isatty(),
    )
