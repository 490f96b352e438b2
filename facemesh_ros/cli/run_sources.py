"""Runs files through one pipeline and counts what came of them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from facemesh_ros.cli.picture_geometry import PictureGeometry
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
from facemesh_ros.types import Faces, FaceState, Frame


@dataclass
class FileProcessor:
    """Processes files one by one; a damaged file is reported and the others continue.

    Attributes:
        pipeline: Processes the pictures.
        geometry: Makes frames of them.
        outputs: Receive the faces of each picture.
        static: Whether every picture is processed independently (static image mode).
        pictures: How many were processed.
        with_faces: How many of them show a face.
        failed: How many files could not be read to their end.
    """

    pipeline: FacePipeline
    geometry: PictureGeometry
    outputs: Sequence[Results]
    static: bool
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
                self.pipeline.reset()
                static_image = self.static or source.kind is SourceKind.STILL
                for file in source.files:
                    self._process_file(file, progress, is_interrupted, static_image=static_image)
                    if is_interrupted():
                        return

    def _process_file(
        self,
        file: Path,
        progress: Progress,
        is_interrupted: Callable[[], bool],
        *,
        static_image: bool,
    ) -> None:
        try:
            for picture in _with_progress_bar(file, progress):
                frame = self.geometry.frame_of(picture)
                faces, took_ms = self._faces_in(frame, static_image=static_image)
                self.geometry.note_problem(picture, frame, self.pipeline.metric_problem)
                for output in self.outputs:
                    output.write(picture, frame, faces, took_ms)
                self.pictures += 1
                self.with_faces += bool(np.any(faces.states != FaceState.COASTING))
                if is_interrupted():
                    return
        except UnreadableError as error:
            self.failed += 1
            print_error(progress.console, error)

    def _faces_in(self, frame: Frame, *, static_image: bool) -> tuple[Faces, float]:
        """Return the faces in a frame and the ms that the pipeline took."""
        process = self.pipeline.process
        if static_image:
            process = partial(self.pipeline.process_static_image, averaged=True)
        start = time.perf_counter()
        faces = process(frame)
        return faces, 1e3 * (time.perf_counter() - start)


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


def _with_progress_bar(file: Path, progress: Progress) -> Iterator[Picture]:
    """Yield the pictures of a file and advance a progress bar."""
    task = progress.add_task(readable_name(file.name), total=None)
    try:
        progress.update(task, total=count_pictures(file) or None)
        for picture in pictures_from_file(file):
            yield picture
            progress.advance(task)
    finally:
        progress.remove_task(task)
