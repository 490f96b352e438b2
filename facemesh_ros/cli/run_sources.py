"""Runs files through one pipeline and counts what came of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from facemesh_ros.cli.source_results import ImageFaces, SourceReader
from facemesh_ros.io import MediaSource, UnreadableError, readable_name
from facemesh_ros.io.results import Results
from facemesh_ros.types import FaceState


@dataclass
class FileProcessor:
    """Processes files one by one; a damaged file is reported and the others continue.

    Attributes:
        reader: Finds the faces in the images of a file.
        outputs: Receive the faces of each picture.
        pictures: How many were processed.
        with_faces: How many of them show a face.
        failed: How many files could not be read to their end, or have images that cannot be read.
    """

    reader: SourceReader
    outputs: Sequence[Results]
    pictures: int = 0
    with_faces: int = 0
    failed: int = 0

    def process(self, sources: Sequence[MediaSource], is_interrupted: Callable[[], bool]) -> None:
        """Process sources one after the other; tracks do not continue from one to the next.

        Args:
            sources: What to read.
            is_interrupted: Called after each image; true ends the run.
        """
        with _progress() as progress:
            for source in sources:
                self._process(source, progress, is_interrupted)
                if is_interrupted():
                    return

    def _process(
        self, source: MediaSource, progress: Progress, is_interrupted: Callable[[], bool]
    ) -> None:
        errors = 0
        with closing(_with_progress_bar(source, self.reader, progress)) as results:
            for result in results:
                if isinstance(result, UnreadableError):
                    errors += 1
                    print_error(progress.console, result)
                    continue
                for output in self.outputs:
                    output.write(*result)
                self.pictures += 1
                self.with_faces += bool(np.any(result.faces.states != FaceState.COASTING))
                if is_interrupted():
                    break
        self.failed += min(errors, len(source.files))


def print_error(console: Console, error: Exception) -> None:
    """Print an error in one line, red on a terminal."""
    # Text and soft_wrap keep brackets and the length of a file's name as they are.
    console.print(Text(f'facemesh: {error}', style='red'), soft_wrap=True)


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn('{task.description}', markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
        # Else rich would move output meant for a file or pipe to the terminal.
        redirect_stdout=sys.stdout.isatty(),
    )


def _with_progress_bar(
    source: MediaSource, reader: SourceReader, progress: Progress
) -> Generator[ImageFaces | UnreadableError, None, None]:
    """Yield the results of a source and advance a progress bar."""
    task = progress.add_task(readable_name(source.files[0].name), total=None)
    try:
        with closing(reader.results_of(source)) as results:
            for result in results:
                yield result
                progress.update(task, total=reader.expected or None, advance=1)
    finally:
        progress.remove_task(task)
