"""Reads the pictures of a file one by one, with their times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import cv2

from facemesh_ros.io.container_duration import missing_bytes
from facemesh_ros.io.errors import UnreadableError, readable_name
from facemesh_ros.io.file_kinds import is_video
from facemesh_ros.io.pictures import image_from_file
from facemesh_ros.io.video import opened_video, timed_images
from facemesh_ros.types import UInt8


class ImageOrigin(Protocol):
    """Where an image comes from."""

    @property
    def source(self) -> Path:
        """Path of its file as the user gave it."""

    @property
    def frame(self) -> int:
        """Number in its video or topic, 0 in a still picture."""

    @property
    def stamp_ns(self) -> int:
        """Ns since a video's first picture, 0 in a still picture; a recorded header's stamp."""

    @property
    def topic(self) -> str:
        """Name of the topic in a recording; empty elsewhere."""

    @property
    def of_video(self) -> bool:
        """Whether the file has more than one image."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One image of a file; an `ImageOrigin`.

    Attributes:
        source: Path as the user gave it.
        frame: Number in the video, 0 in a still picture.
        stamp_ns: Time since the video's first picture, ns; 0 in a still picture.
        bgr: (H, W, 3).
        of_video: Whether the file is a video.
        topic: Empty.
    """

    source: Path
    frame: int
    stamp_ns: int
    bgr: UInt8
    of_video: bool = False
    topic: str = field(default='', init=False)


def count_pictures(path: Path) -> int:
    """Return how many pictures a file holds; for a video as far as its header knows.

    Raises:
        UnreadableError: If the file is a video that cannot be opened.
    """
    if not is_video(path):
        return 1
    with opened_video(path) as capture:
        count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        return int(count) if 0 < count < 2**31 else 0


def pictures_from_file(path: Path) -> Iterator[Picture]:
    """Read a picture, or a video one by one.

    Raises:
        UnreadableError: If the file is neither, or damaged; of a video that is cut short after
            the last picture that it has.
    """
    if not is_video(path):
        yield Picture(path, 0, 0, image_from_file(path))
        return
    count, stamp_ns = 0, 0
    with opened_video(path) as capture:
        try:
            for stamp_ns, bgr in timed_images(capture):
                yield Picture(path, count, stamp_ns, bgr, of_video=True)
                count += 1
        except cv2.error as error:
            raise UnreadableError(
                f'{readable_name(path)} cannot be read after {count} pictures: {error.err}'
            ) from error
    if not count:
        raise UnreadableError(f'{readable_name(path)} is a video without a readable picture')
    if missing := missing_bytes(path):
        raise UnreadableError(
            f'{readable_name(path)} is cut short, its last {missing} bytes are missing: '
            f'{count} pictures could be read, {stamp_ns / 1e9:.1f} s'
        )
