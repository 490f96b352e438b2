"""Videos and cameras, read by OpenCV."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from facemesh_ros.image.raw_image import MAX_SIDE_PX
from facemesh_ros.io.errors import UnreadableError, readable_name
from facemesh_ros.io.file_kinds import VIDEO_SUFFIXES, require_file
from facemesh_ros.io.pictures import MAX_PIXELS
from facemesh_ros.io.video_stamps import ContainerClock
from facemesh_ros.types import UInt8

DEFAULT_RATE_HZ = 30.0
MIN_RATE_HZ, MAX_RATE_HZ = 0.1, 1000.0
# So many pictures tell whether a header's rate is right; it is, if they agree to a tenth.
_SAMPLED_PICTURES, _SAME_RATE = 31, 0.1


@contextmanager
def opened_video(source: Path | int) -> Iterator[cv2.VideoCapture]:
    """Open a video file, or the camera of this number; raises UnreadableError if it cannot be."""
    if isinstance(source, int):
        capture = cv2.VideoCapture(source)
    else:
        require_file(source)
        with name_for_opencv(source) as name:
            capture = cv2.VideoCapture(name, backend())
    try:
        if not capture.isOpened():
            raise UnreadableError(_why_closed(source))
        _check_size(source, capture)
        yield capture
    finally:
        capture.release()


def _why_closed(source: Path | int) -> str:
    if isinstance(source, int):
        return f'camera {source} cannot be opened; is there a /dev/video{source} you may read?'
    if not os.access(source, os.R_OK):
        return f'{readable_name(source)} cannot be read: Permission denied'
    if source.suffix.lower() not in VIDEO_SUFFIXES:
        return f'{readable_name(source)} is neither a readable picture nor a readable video'
    return f'{readable_name(source)} is not a readable video'


def _check_size(source: Path | int, capture: cv2.VideoCapture) -> None:
    width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
    height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    if max(width, height) > MAX_SIDE_PX or width * height > MAX_PIXELS:
        name = readable_name(source) if isinstance(source, Path) else f'camera {source}'
        raise UnreadableError(
            f'{name} has pictures of {width}x{height} px; each side must be 1 to {MAX_SIDE_PX} '
            f'px, and all together {MAX_PIXELS / 1e6:.0f} megapixels'
        )


def backend() -> int:
    """Return which of OpenCV's ways to a file to take: FFmpeg where it is built in.

    The others take `clip7.mp4` for the seventh picture of many, or for a pipeline of GStreamer.
    """
    known = cv2.videoio_registry.getStreamBackends()
    return cv2.CAP_FFMPEG if cv2.CAP_FFMPEG in known else cv2.CAP_ANY


@contextmanager
def name_for_opencv(path: Path) -> Iterator[str]:
    """Yield a name for a file that OpenCV and FFmpeg take for nothing but a file's.

    `rtsp:a.mp4` would be an address, `%d.gif` many files, and OpenCV crashes where a name is not
    UTF-8. It need not live longer than it takes to open the file.
    """
    absolute = Path(os.path.abspath(path))
    encoded = os.fsencode(absolute)
    if encoded.isascii() and b'%' not in encoded:
        yield str(absolute)
        return
    with tempfile.TemporaryDirectory(prefix='facemesh_') as folder:
        suffix = path.suffix if path.suffix.isascii() and '%' not in path.suffix else ''
        link = Path(folder, f'video{suffix}')
        link.symlink_to(absolute)
        yield str(link)


def rate_of(capture: cv2.VideoCapture) -> float:
    """Return a video's pictures per second as its header says them, 30 if it does not."""
    rate_hz = float(capture.get(cv2.CAP_PROP_FPS))
    return rate_hz if 0 < rate_hz <= MAX_RATE_HZ else DEFAULT_RATE_HZ


def rate_of_file(path: Path) -> float:
    """Return the pictures per second of a video file, of its first ones if they vary.

    Raises:
        UnreadableError: If the file is no readable video.
    """
    with opened_video(path) as capture:
        said_hz = rate_of(capture)
        stamps = list(islice(_stamps(capture), _SAMPLED_PICTURES))
    if len(stamps) < 3:
        return said_hz
    found_hz = min(max(MIN_RATE_HZ, 1e9 * (len(stamps) - 1) / stamps[-1]), MAX_RATE_HZ)
    return said_hz if math.isclose(found_hz, said_hz, rel_tol=_SAME_RATE) else found_hz


def timed_images(capture: cv2.VideoCapture) -> Iterator[tuple[int, UInt8]]:
    """Yield the pictures that an open video has, (H, W, 3) BGR.

    Each comes after its stamp: ns since the first one, by the container's own times.
    """
    for stamp_ns in _stamps(capture):
        read, bgr = capture.retrieve()
        if not read:
            return
        yield stamp_ns, np.asarray(bgr, np.uint8)


def _stamps(capture: cv2.VideoCapture) -> Iterator[int]:
    """Go to the next picture and yield its stamp, while there are pictures."""
    clock = ContainerClock(rate_of(capture))
    while capture.grab():
        yield clock.stamp_ns(capture.get(cv2.CAP_PROP_POS_MSEC))


def images_from_capture(capture: cv2.VideoCapture) -> Iterator[UInt8]:
    """Yield the pictures that an open video or camera still has, (H, W, 3) BGR."""
    while True:
        read, bgr = capture.read()
        if not read:
            return
        yield np.asarray(bgr, np.uint8)
