"""Reads images again whose faces were found by another process, to draw into them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from facemesh_ros.cli.processing_errors import ProcessingError
from facemesh_ros.cli.run_setup import RunSetup
from facemesh_ros.cli.source_results import ImageFaces
from facemesh_ros.cli.workers.spooled_results import SpooledPipeline
from facemesh_ros.io import MediaSource, UnreadableError


class ImageRereader:
    """Joins images with what was found in them.

    Pixels are decoded twice, which costs a fraction of the models' time, and are nowhere kept: a
    minute of video would be gigabytes.
    """

    def __init__(self, setup: RunSetup) -> None:
        """Take the run."""
        self._pipeline = SpooledPipeline()
        self._reader = setup.reader(lambda _: self._pipeline, setup.geometry())

    def results_of(
        self, source: MediaSource, spooled: Path
    ) -> Iterator[ImageFaces | UnreadableError]:
        """Yield the results that are spooled, with their images.

        What the first reading could not read cannot be read this time either, and is told again.
        """
        self._pipeline.replay(spooled)
        for result in self._reader.results_of(source):
            if isinstance(result, ImageFaces):
                yield result._replace(took_ms=self._pipeline.took_ms)
            else:
                yield result
                if isinstance(result, ProcessingError):
                    return
