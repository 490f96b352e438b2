"""A pipeline, and the time that it takes."""

from __future__ import annotations

import time
from functools import partial
from typing import Protocol

from facemesh_ros.types import Faces, Frame


class Pipeline(Protocol):
    """Finds the faces in the images of one stream, as `FacePipeline` does."""

    @property
    def metric_problem(self) -> str:
        """Why there are no metres; empty if there are."""

    def process(self, frame: Frame) -> Faces:
        """Return the faces in the next image of the stream."""

    def process_static_image(self, frame: Frame, *, averaged: bool = ...) -> Faces:
        """Return the faces in an image by itself."""

    def reset(self) -> None:
        """Forget the stream."""


def faces_in(pipeline: Pipeline, frame: Frame, *, is_static: bool) -> tuple[Faces, float]:
    """Return the faces in a frame and the ms that the pipeline took."""
    process = pipeline.process
    if is_static:
        process = partial(pipeline.process_static_image, averaged=True)
    start = time.perf_counter()
    faces = process(frame)
    return faces, 1e3 * (time.perf_counter() - start)
