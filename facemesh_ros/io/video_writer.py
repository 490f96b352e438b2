"""Writes videos, and checks that they are complete."""

from __future__ import annotations

import io
import os
from pathlib import Path

import cv2
import numpy as np

from facemesh_ros.io.errors import MediaError, UnreadableError, readable_name
from facemesh_ros.io.video import backend, name_for_opencv, opened_video
from facemesh_ros.types import UInt8

# MPEG-4 part 2 writes a side in 13 bits, FFmpeg's encoder even ones only.
MAX_VIDEO_SIDE_PX = 8190
# Containers that hold MPEG-4 as OpenCV's writer makes it.
WRITABLE_SUFFIXES = ('.mp4', '.m4v', '.mov', '.avi', '.mkv')
# Their index comes last, so an unfinished file declares no pictures.
_COUNTED_AT_THEIR_END = ('.m4v', '.mov', '.mp4')


class VideoFile:
    """An MPEG-4 video, written picture by picture, all at the size of the first.

    A first picture larger than MPEG-4 allows is scaled down. Use it as a context manager or
    `close` it, or the file stays unfinished.
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
        else:  # the error that ends the run says more than an unfinished file
            self._release()

    def close(self) -> None:
        """Finish the file; closing twice does nothing.

        Raises:
            MediaError: If not all pictures are on the disk.
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
            self._image_wh = _fitting(bgr.shape[1], bgr.shape[0])
            self._writer = self._opened(self._image_wh)
        if (bgr.shape[1], bgr.shape[0]) != self._image_wh:
            bgr = np.asarray(cv2.resize(bgr, self._image_wh), np.uint8)
        self._writer.write(bgr)
        self._written += 1
        if _disk_is_full(self._path):
            raise MediaError(f'{readable_name(self._path)} cannot be written on: its disk is full')

    def _opened(self, image_wh: tuple[int, int]) -> cv2.VideoWriter:
        _check_writable(self._path)
        codec = cv2.VideoWriter_fourcc(*'mp4v')  # type: ignore[attr-defined]
        with name_for_opencv(self._path) as name:
            writer = cv2.VideoWriter(name, backend(), codec, self._rate_hz, image_wh)
        if not writer.isOpened():
            raise MediaError(
                f'{readable_name(self._path)} cannot be written as a video; use a name in .mp4'
            )
        return writer


def _fitting(width: int, height: int) -> tuple[int, int]:
    """Return the size, or the largest of the same shape that a video can have."""
    scale = min(1.0, MAX_VIDEO_SIDE_PX / max(width, height))
    return max(1, round(scale * width)), max(1, round(scale * height))


def _check_writable(path: Path) -> None:
    """Raise MediaError with the system's reason if a file cannot hold anything; it is emptied."""
    try:
        with path.open('wb') as file:
            file.write(bytes(io.DEFAULT_BUFFER_SIZE))
    except OSError as error:
        raise MediaError(f'{readable_name(path)} cannot be written: {error.strerror}') from error


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
            f'{readable_name(path)} is damaged: not all of its {written} pictures could be '
            f'written; {why}'
        )


def _count_written(path: Path) -> int:
    try:
        with opened_video(path) as capture:
            if path.suffix.lower() in _COUNTED_AT_THEIR_END:
                return int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
            return sum(1 for _ in iter(capture.grab, False))
    except UnreadableError:
        return 0
