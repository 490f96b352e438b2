"""What was found in the images of a source, in a file between two processes."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from facemesh_ros.cli.processing_errors import ProcessingError
from facemesh_ros.cli.source_results import ImageFaces
from facemesh_ros.io import MediaError, UnreadableError, readable_name
from facemesh_ros.types import Faces, Frame, PixelOrder


class _Origin(NamedTuple):
    """An `ImageOrigin` without its image."""

    source: Path
    frame: int
    stamp_ns: int
    topic: str
    of_video: bool


@dataclass(frozen=True, slots=True)
class _Error:
    """An `UnreadableError`; with a traceback a `ProcessingError`."""

    text: str
    trace: str = ''


def spool(file: BinaryIO, result: ImageFaces | UnreadableError) -> None:
    """Append a result; of an image only the size is kept. Raises MediaError if that fails."""
    kept: Any
    if isinstance(result, UnreadableError):
        trace = result.trace if isinstance(result, ProcessingError) else ''
        kept = _Error(str(result), trace)
    else:
        origin = result.origin
        plain = _Origin(
            origin.source, origin.frame, origin.stamp_ns, origin.topic, origin.of_video
        )
        kept = plain, result.frame.image_wh, result.faces, result.took_ms
    try:
        pickle.dump(kept, file)
    except OSError as error:
        raise MediaError(f'{file.name} cannot be written: {error.strerror}') from error


def spooled_results(path: Path) -> Iterator[ImageFaces | UnreadableError]:
    """Yield the results in a file; raises MediaError if it is not there."""
    try:
        file = path.open('rb')
    except OSError as error:
        raise MediaError(f'{readable_name(path)} cannot be read: {error.strerror}') from error
    with file:
        while file.peek(1):
            yield _result(pickle.load(file))


def _result(kept: Any) -> ImageFaces | UnreadableError:
    if isinstance(kept, _Error):
        return ProcessingError(kept.text, kept.trace) if kept.trace else UnreadableError(kept.text)
    origin, (width, height), faces, took_ms = kept
    # The size takes a single pixel.
    pixels = np.broadcast_to(np.zeros((), np.uint8), (height, width))
    return ImageFaces(origin, Frame(pixels, PixelOrder.MONO, origin.stamp_ns), faces, took_ms)


class SpooledPipeline:
    """Stands for the pipeline whose faces were spooled, where their images are read again.

    Attributes:
        metric_problem: Empty: what lacks was counted the first time.
    """

    metric_problem = ''

    def __init__(self) -> None:
        self._results: Iterator[ImageFaces | UnreadableError] = iter(())
        self.took_ms = 0.0

    def replay(self, path: Path) -> None:
        """Take the file of the source that is read next."""
        self._results = spooled_results(path)

    def reset(self) -> None:
        """Nothing is remembered."""

    def process(self, frame: Frame) -> Faces:
        """Return the faces that were found in the next image.

        Raises:
            UnreadableError: If there were fewer images.
            ProcessingError: If the processing of this one failed.
        """
        for result in self._results:
            if isinstance(result, ProcessingError):
                raise result
            if isinstance(result, ImageFaces):
                self.took_ms = result.took_ms
                return result.faces
        raise UnreadableError('the file has changed while it was processed')

    def process_static_image(self, frame: Frame, *, averaged: bool = False) -> Faces:
        """Return the faces that were found in the next image."""
        return self.process(frame)
