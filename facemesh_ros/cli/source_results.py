"""The faces in each image of a file or stream, one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, Protocol

from facemesh_ros.cli.picture_geometry import PictureGeometry
from facemesh_ros.cli.processing_errors import ProcessingError
from facemesh_ros.cli.timed_pipeline import Pipeline, faces_in
from facemesh_ros.errors import FacemeshError
from facemesh_ros.image.raw_image import ImageError
from facemesh_ros.io import (
    ImageOrigin,
    MediaSource,
    SourceKind,
    UnreadableError,
    count_pictures,
    is_video,
    pictures_from_file,
    readable_name,
)
from facemesh_ros.io.recordings.camera_topics import CameraTopics, TopicChoice, cameras_in
from facemesh_ros.io.recordings.message_store import message_store
from facemesh_ros.io.recordings.recorded_images import DamagedImage, recorded_images
from facemesh_ros.io.recordings.recording import Recording
from facemesh_ros.io.recordings.storage import RecordedMessage
from facemesh_ros.io.results import counted
from facemesh_ros.tracking.tracker import FaceIds
from facemesh_ros.types import Faces, Frame


class ImageFaces(NamedTuple):
    """What was found in an image.

    Attributes:
        origin: Where the image comes from.
        frame: The image.
        faces: The faces in it.
        took_ms: The pipeline's time.
    """

    origin: ImageOrigin
    frame: Frame
    faces: Faces
    took_ms: float


class RecordingListener(Protocol):
    """Is told what a recording holds while it is read."""

    def begin(self, recording: Recording, cameras: list[CameraTopics]) -> None:
        """Take a recording before its first message, and those of its cameras that are read."""

    def take(self, message: RecordedMessage) -> None:
        """Take each message of all topics."""

    def end(self, *, is_complete: bool) -> None:
        """Take that it was read as far as possible, or that this was interrupted."""


@dataclass
class SourceReader:
    """Runs the images of files through pipelines.

    Attributes:
        new_pipeline: Makes a pipeline that takes its ids from what it is given; each camera of a
            recording has one of its own.
        geometry: Makes frames of pictures.
        static: Whether every picture is processed independently (static image mode).
        choice: Which topics of recordings are read.
        listener: Wants all messages of recordings; None if nobody does.
        expected: How many images the last source has, as far as its header knows; else 0.
    """

    new_pipeline: Callable[[FaceIds], Pipeline]
    geometry: PictureGeometry
    static: bool
    choice: TopicChoice = field(default_factory=TopicChoice)
    listener: RecordingListener | None = None
    expected: int = field(default=0, init=False)
    _ids: FaceIds = field(default_factory=FaceIds, init=False)
    _pipeline: Pipeline | None = field(default=None, init=False)

    def results_of(
        self, source: MediaSource
    ) -> Generator[ImageFaces | UnreadableError, None, None]:
        """Yield what was found in each image, and an error for each file that cannot be read.

        The ids of each source begin at 1, whatever was read before.
        The images before the place at which a file is damaged come before its error. After an
        error others may follow: of other files, and of single images of a recording. A fault of
        ours ends the source with a `ProcessingError`.
        """
        images = 0
        try:
            for result in self._results_of(source):
                images += isinstance(result, ImageFaces)
                yield result
        except OSError as error:  # a disk that fails, a network that is gone
            name = readable_name(error.filename or source.files[0])
            yield UnreadableError(f'{name} cannot be read: {error.strerror or error}')
        except FacemeshError:
            raise
        except Exception as error:
            self._pipeline = None  # half of an image may be left in it
            yield ProcessingError.of(source, images, error)

    def _results_of(self, source: MediaSource) -> Iterator[ImageFaces | UnreadableError]:
        self._ids.restart()
        if source.kind is SourceKind.RECORDING:
            yield from self._of_recording(source.files[0])
            return
        pipeline = self._pipeline = self._pipeline or self.new_pipeline(self._ids)
        pipeline.reset()
        is_static = self.static or source.kind is SourceKind.STILL
        self.expected = len(source.files)
        for file in source.files:
            try:
                yield from self._of_file(file, pipeline, is_static=is_static)
            except UnreadableError as error:
                yield error

    def share_of(self, images: int) -> float:
        """Return which share of the source so many images are, 0 to 1, as far as it is known."""
        return min(1.0, images / self.expected) if self.expected else 0.0

    def _of_file(self, file: Path, pipeline: Pipeline, *, is_static: bool) -> Iterator[ImageFaces]:
        if is_video(file):
            self.expected = count_pictures(file)
        for picture in pictures_from_file(file):
            frame = self.geometry.frame_of(picture)
            faces, took_ms = faces_in(pipeline, frame, is_static=is_static)
            self.geometry.note_problem(picture, frame, pipeline.metric_problem)
            yield ImageFaces(picture, frame, faces, took_ms)

    def _of_recording(self, path: Path) -> Iterator[ImageFaces | UnreadableError]:
        listener, damaged = self.listener, Counter[tuple[str, str]]()
        is_complete = False
        try:
            with Recording(path) as recording:
                cameras = cameras_in(recording, self.choice, message_store().classes)
                self.expected = sum(camera.image.count for camera in cameras)
                if listener is not None:
                    listener.begin(recording, cameras)
                for result in self._of_cameras(recording, cameras):
                    if isinstance(result, DamagedImage):
                        damaged[result] += 1
                    else:
                        yield result
            is_complete = True
        except UnreadableError as error:
            is_complete = True
            yield error
        finally:
            if listener is not None:
                listener.end(is_complete=is_complete)
        for (topic, reason), count in damaged.items():
            yield UnreadableError(
                f'{readable_name(path)}: {counted(count, "image")} on {topic}: {reason}'
            )

    def _of_cameras(
        self, recording: Recording, cameras: list[CameraTopics]
    ) -> Iterator[ImageFaces | DamagedImage]:
        pipelines = {camera.image.name: self.new_pipeline(self._ids) for camera in cameras}
        take = self.listener.take if self.listener is not None else None
        for image in recorded_images(recording, cameras, message_store(), take):
            if isinstance(image, DamagedImage):
                yield image
                continue
            try:
                frame = self.geometry.frame_of_recorded(image)
            except ImageError as error:
                yield DamagedImage(image.topic, str(error))
                continue
            pipeline = pipelines[image.topic]
            faces, took_ms = faces_in(pipeline, frame, is_static=self.static)
            if frame.find_geometry is not None:
                frame = replace(frame, camera=frame.find_geometry()[0])
            self.geometry.note_recorded(image, pipeline.metric_problem)
            yield ImageFaces(image, frame, faces, took_ms)
