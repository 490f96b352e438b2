"""The annotated images as a video that lasts as long as they did."""

from __future__ import annotations

import time
from pathlib import Path

from facemesh_ros.io import VideoFile
from facemesh_ros.types import UInt8


class Recording:
    """A video at a steady rate, of images that come as they come.

    An image is repeated until the next one is there. Use it as a context manager.

    Attributes:
        pictures: How many the video holds.
    """

    def __init__(self, path: Path, rate_hz: float, limit_s: float) -> None:
        """Begin at nothing; images after `limit_s` are left out."""
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
        """How long the video is."""
        return self.pictures / self._rate_hz

    @property
    def is_full(self) -> bool:
        """Whether images are left out."""
        return self.pictures >= self._limit

    def add(self, bgr: UInt8) -> None:
        """Take an image (H, W, 3) that has just come; raises MediaError if it cannot be written.

        Images seldom come in exact step: one that is a picture early or late changes nothing.
        """
        now_s = time.monotonic()
        if self._start_s is None:
            self._start_s = now_s
        due = 1 + round((now_s - self._start_s) * self._rate_hz) - self.pictures
        wanted = due if due > 1 else int(due >= 0)
        for _ in range(wanted):
            if self.is_full:
                return
            self._video.write(bgr)
            self.pictures += 1

    def close(self) -> None:
        """End the video; raises MediaError if not all of it is on the disk."""
        self._video.close()
