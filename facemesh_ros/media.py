"""Pictures from files and cameras, and videos to files."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from facemesh_ros.core.types import UInt8
from facemesh_ros.errors import FacemeshError

IMAGE_SUFFIXES = ('.bmp', '.jpeg', '.jpg', '.png', '.ppm', '.tif', '.tiff', '.webp')
VIDEO_SUFFIXES = ('.avi', '.gif', '.m4v', '.mkv', '.mov', '.mp4', '.mpeg', '.mpg', '.webm')
# Files whose end is a table of their pictures, so that one without an end tells none.
_COUNTED_AT_THEIR_END = ('.m4v', '.mov', '.mp4')
DEFAULT_RATE_HZ = 30.0


class MediaError(FacemeshError):
    """A picture or video that cannot be read or written."""


class UnreadableError(MediaError):
    """One file that is not what its name says, or is damaged; others may be fine."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One image of a file.

    Attributes:
        source: Path as the user gave it.
        frame: Number in the video, 0 in a still picture.
        stamp_ns: Time in the video, ns; 0 in a still picture.
        bgr: (H, W, 3).
    """

    source: Path
    frame: int
    stamp_ns: int
    bgr: UInt8


def media_files(paths: list[Path]) -> list[Path]:
    """Return the files meant by paths: a folder stands for the pictures and videos in it.

    Raises:
        MediaError: If a path does not exist, or a folder holds neither.
    """
    return [file for path in paths for file in _files(path)]


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise MediaError(f'{path} does not exist')
    if not path.is_dir():
        return [path]
    known = IMAGE_SUFFIXES + VIDEO_SUFFIXES
    found = sorted(file for file in path.iterdir() if file.suffix.lower() in known)
    if not found:
        raise MediaError(f'{path} holds no picture or video ({" ".join(known)})')
    return found


def is_video(path: Path) -> bool:
    """Return whether a file's name says that it is a video."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def count_pictures(path: Path) -> int:
    """Return how many pictures a file holds; for a video as far as its header knows."""
    if not is_video(path):
        return 1
    with opened_video(path) as capture:
        return max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))


def pictures_from_file(path: Path) -> Iterator[Picture]:
    """Read a picture, or a video one by one.

    Raises:
        UnreadableError: If the file is neither, or damaged.
    """
    if not is_video(path):
        yield Picture(path, 0, 0, image_from_file(path))
        return
    with opened_video(path) as capture:
        period_ns = 1e9 / rate_of(capture)
        frame = -1
        for frame, bgr in enumerate(images_from_capture(capture)):
            yield Picture(path, frame, round(frame * period_ns), bgr)
    if frame < 0:
        raise UnreadableError(f'{path} is a video without a readable picture')


def image_from_file(path: Path) -> UInt8:
    """Read a picture as (H, W, 3) BGR; raises UnreadableError if that is not possible."""
    try:
        encoded = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise UnreadableError(f'{path} cannot be read: {error.strerror}') from error
    image = cv2.imdecode(encoded, cv2.IMREAD_COLOR) if len(encoded) else None
    if image is None:
        raise UnreadableError(
            f'{path} is not a readable picture ({" ".join(IMAGE_SUFFIXES)})'
            f' or video ({" ".join(VIDEO_SUFFIXES)})'
        )
    return np.asarray(image, np.uint8)


@contextmanager
def opened_video(source: Path | int) -> Iterator[cv2.VideoCapture]:
    """Open a video file, or the camera of this number; raises UnreadableError if it cannot be."""
    capture = cv2.VideoCapture(source if isinstance(source, int) else str(source))
    try:
        if not capture.isOpened():
            raise UnreadableError(_why_closed(source))
        yield capture
    finally:
        capture.release()


def _why_closed(source: Path | int) -> str:
    if isinstance(source, int):
        return f'camera {source} cannot be opened; is there a /dev/video{source} you may read?'
    return f'{source} is not a readable video' if source.exists() else f'{source} does not exist'


def rate_of_file(path: Path) -> float:
    """Return the pictures per second of a video file; raises UnreadableError."""
    with opened_video(path) as capture:
        return rate_of(capture)


def rate_of(capture: cv2.VideoCapture) -> float:
    """Return a video's pictures per second, 30 if it does not say."""
    rate_hz = float(capture.get(cv2.CAP_PROP_FPS))
    return rate_hz if 0 < rate_hz <= 1000 else DEFAULT_RATE_HZ


def images_from_capture(capture: cv2.VideoCapture) -> Iterator[UInt8]:
    """Yield the pictures that an open video still has, (H, W, 3) BGR."""
    while True:
        read, bgr = capture.read()
        if not read:
            return
        yield np.asarray(bgr, np.uint8)


class VideoFile:
    """A video, MPEG-4, that grows picture by picture; all are as large as the first.

    Use it as a context manager, or `close` it, or the file has no end.
    """

    def __init__(self, path: Path, rate_hz: float) -> None:
        self._path, self._rate_hz = path, rate_hz
        self._writer: cv2.VideoWriter | None = None
        self._written = 0

    def __enter__(self) -> VideoFile:
        return self

    def __exit__(self, *error: object) -> None:
        if not any(error):
            self.close()
        else:  # which says more than what it did to this file
            self._release()

    def close(self) -> None:
        """End the file; a second time does nothing.

        Raises:
            MediaError: If not all that was written is on the disk.
        """
        if self._release():
            _check_whole(self._path, self._written)

    def _release(self) -> bool:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.release()
        return writer is not None

    def write(self, bgr: UInt8) -> None:
        """Append a picture (H, W, 3); one of another size is scaled to the first one's.

        Raises:
            MediaError: If the file cannot be written, as far as that can be seen before its end.
        """
        if self._writer is None:
            self._writer = self._opened((bgr.shape[1], bgr.shape[0]))
            self._image_wh = bgr.shape[1], bgr.shape[0]
        if (bgr.shape[1], bgr.shape[0]) != self._image_wh:
            bgr = np.asarray(cv2.resize(bgr, self._image_wh), np.uint8)
        self._writer.write(bgr)
        self._written += 1
        if _disk_is_full(self._path):
            raise MediaError(f'{self._path} cannot be written on: its disk is full')

    def _opened(self, image_wh: tuple[int, int]) -> cv2.VideoWriter:
        _check_writable(self._path)
        codec = cv2.VideoWriter_fourcc(*'mp4v')  # type: ignore[attr-defined]
        writer = cv2.VideoWriter(str(self._path), codec, self._rate_hz, image_wh)
        if not writer.isOpened():
            raise MediaError(f'{self._path} cannot be written as a video; use a name in .mp4')
        return writer


def write_picture(path: Path, bgr: UInt8) -> None:
    """Write a picture (H, W, 3) in the format that the file's name says.

    Raises:
        MediaError: If that is not possible, or not all of it is on the disk.
    """
    try:
        encoded = cv2.imencode(path.suffix, bgr)[1]
    except cv2.error as error:
        raise MediaError(f'{path} cannot be written as a picture; use a name in .png') from error
    try:
        path.write_bytes(encoded.tobytes())
    except OSError as error:
        raise MediaError(f'{path} cannot be written: {error.strerror}') from error


def _check_writable(path: Path) -> None:
    """Raise MediaError with the system's reason if a file cannot hold anything; it is emptied."""
    try:
        with path.open('wb') as file:
            file.write(bytes(io.DEFAULT_BUFFER_SIZE))
    except OSError as error:
        raise MediaError(f'{path} cannot be written: {error.strerror}') from error


def _disk_is_full(path: Path) -> bool:
    disk = os.statvfs(path)
    free_blocks = disk.f_bavail if os.geteuid() else disk.f_bfree
    return disk.f_blocks > 0 and free_blocks == 0  # some network disks know neither


def _check_whole(path: Path, written: int) -> None:
    """Raise MediaError if a finished video holds fewer pictures than were written.

    OpenCV's writer says nothing of a full disk, and the file then lacks its end.
    """
    if _count_written(path) < written:
        why = 'its disk is full' if _disk_is_full(path) else 'is its disk or a quota full?'
        raise MediaError(
            f'{path} is damaged, not all of its {written} pictures could be written: {why}'
        )


def _count_written(path: Path) -> int:
    try:
        with opened_video(path) as capture:
            if path.suffix.lower() in _COUNTED_AT_THEIR_END:
                return int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
            return sum(1 for _ in iter(capture.grab, False))
    except UnreadableError:
        return 0
