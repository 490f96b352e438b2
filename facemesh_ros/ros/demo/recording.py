"""Records the annotated images as a video in real time."""

from __future__ import annotations

import time
from pathlib import Path

from facemesh_ros.io import VideoFile
from facemesh_ros.types import UInt8


class Recording:
    """A video at a constant rate, of images that arrive irregularly.

    An image is repeated until the next one arrives. Use it as a context manager.

    Attributes:
        path: The file.
        pictures: How many pictures the video has.
    """

    def __init__(self, path: Path, rate_hz: float, limit_s: float) -> None:
        """Open the file; images after `limit_s` are ignored."""
        self.path, self.pictures = path, 0
        self._video, self._rate_hz = VideoFile(path, rate_hz), rate_hz
        self._limit = limit_s * rate_hz
        self._start_s: float | None = None

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *error: object) -> None:
        self._video.__exit__(*error)

    @property
    def seconds(self) -> float:
        """Length of the video."""
        return self.pictures / self._rate_hz

    @property
    def is_full(self) -> bool:
        """Whether further images are ignored."""
        return self.pictures >= self._limit

    def add(self, bgr: UInt8) -> None:
        """Add an image (H, W, 3) that has just arrived; raises MediaError if writing fails.

        Images are seldom exactly on time: one that is a picture early or late is written once.
        """
        now_s = time.monotonic()
        if self._start_s is None:
            self._start_s = now_s
        due = 1 + round((now_s - self._start_s) * self._rate_hz) - self.pictures
        for _ in range(due if due > 1 else int(due >= 0)):
            if self.is_full:
                return
            self._video.write(bgr)
            self.pictures += 1

    def close(self) -> None:
        """Close the file; raises MediaError if it is incomplete."""
        self._video.close()
