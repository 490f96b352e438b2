"""Sources of pictures through one pipeline, and how many of them there were."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from facemesh_ros.io import (
    MediaSource,
    Picture,
    SourceKind,
    UnreadableError,
    count_pictures,
    pictures_from_file,
    readable_name,
)
from facemesh_ros.io.results import Results
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.types import Faces, FaceState, Frame, PixelOrder


@dataclass
class Work:
    """Files in, faces out; a damaged file is told and the others are done.

    Attributes:
        pipeline: Where pictures go through.
        outputs: Take the faces of each picture.
        static: Whether every picture is taken by itself.
        pictures: How many were processed.
        with_faces: In how many of them a face was seen.
        failed: How many files could not be read to their end.
    """

    pipeline: FacePipeline
    outputs: Sequence[Results]
    static: bool
    pictures: int = 0
    with_faces: int = 0
    failed: int = 0

    def do(self, sources: Sequence[MediaSource], is_enough: Callable[[], bool]) -> None:
        """Process sources one after the other; no face of one is known in the next.

        Args:
            sources: What to read.
            is_enough: Asked after each image; true ends the work.
        """
        with _progress() as progress:
            for source in sources:
                self.pipeline.reset()
                alone = self.static or source.kind is SourceKind.STILL
                for file in source.files:
                    self._do_file(file, progress, is_enough, alone=alone)
                    if is_enough():
                        return

    def _do_file(
        self, file: Path, progress: Progress, is_enough: Callable[[], bool], *, alone: bool
    ) -> None:
        try:
            for picture in _shown(file, progress):
                faces, took_ms = self._process(picture, alone=alone)
                for output in self.outputs:
                    output.write(picture, faces, took_ms)
                self.pictures += 1
                self.with_faces += bool(np.any(faces.states != FaceState.COASTING))
                if is_enough():
                    return
        except UnreadableError as error:
            self.failed += 1
            complain(progress.console, error)

    def _process(self, picture: Picture, *, alone: bool) -> tuple[Faces, float]:
        if alone:
            self.pipeline.reset()
        frame = Frame(picture.bgr, PixelOrder.BGR, picture.stamp_ns)
        start = time.perf_counter()
        faces = self.pipeline.process(frame, static_image=alone)
        return faces, 1e3 * (time.perf_counter() - start)


def complain(console: Console, error: Exception) -> None:
    """Print an error in one line, red on a terminal."""
    # Text and soft_wrap keep a file's name as it is, brackets and length included.
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
        # Rich would bring what is meant for a file or a pipe to the terminal of the messages.
        redirect_stdout=sys.stdout.isatty(),
    )


def _shown(file: Path, progress: Progress) -> Iterator[Picture]:
    """Yield the pictures of a file and move a bar."""
    task = progress.add_task(readable_name(file.name), total=None)
    try:
        progress.update(task, total=count_pictures(file) or None)
        for picture in pictures_from_file(file):
            yield picture
            progress.advance(task)
    finally:
        progress.remove_task(task)
