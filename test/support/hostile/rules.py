"""What must hold for any bytes: a result that keeps its promise, or an error meant for people."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from facemesh_ros.errors import FacemeshError
from facemesh_ros.geometry.calibration import CalibrationError, camera_from_calibration
from facemesh_ros.image.raw_image import ImageError
from facemesh_ros.messages.cdr_camera_info import calibration_from_cdr
from facemesh_ros.messages.cdr_image import image_from_cdr
from facemesh_ros.messages.image_conversion import depth_from_msg, frame_from_msg

MAX_MEGAPIXELS = 1.0
# What fits a line of a log, with names of all encodings in it.
MAX_TEXT = 1500


def new_header() -> Any:
    """Return what stands for a std_msgs/Header."""
    return SimpleNamespace(stamp=SimpleNamespace(sec=0, nanosec=0), frame_id='')


def check_text(error: FacemeshError) -> None:
    """Require of an error that it can be logged: some printable words in one line, and few."""
    text = str(error)
    assert 10 < len(text) <= MAX_TEXT, f'{len(text)} characters: {text[:300]!r}'
    assert text.isprintable(), repr(text)


def check_image(cdr: bytes, *, is_compressed: bool) -> str:
    """Decode a serialised image; return what became of it."""
    try:
        msg = image_from_cdr(cdr, new_header, is_compressed=is_compressed)
        assert '\0' not in msg.header.frame_id, 'no ROS string can hold it'
        frame = frame_from_msg(msg, max_megapixels=MAX_MEGAPIXELS)
    except ImageError as error:
        check_text(error)
        return 'refused'
    assert frame.image.dtype == np.uint8
    width, height = frame.image_wh
    if isinstance(msg.data, memoryview) and not is_compressed:
        assert (width, height) == (msg.width, msg.height)
    assert width * height > 0
    assert frame.image.ndim in (2, 3)
    # Reads the whole of it: a view past the end of its buffer would not survive.
    assert int(frame.image.sum(dtype=np.int64)) >= 0
    return 'decoded'


def check_depth(cdr: bytes) -> str:
    """Decode a serialised depth image; return what became of it."""
    try:
        depth = depth_from_msg(image_from_cdr(cdr, new_header, is_compressed=False))
    except ImageError as error:
        check_text(error)
        return 'refused'
    assert depth.depth_m.dtype == np.float32
    assert depth.depth_m.size
    return 'decoded'


def check_info(cdr: bytes, image_wh: tuple[int, int] = (640, 480)) -> str:
    """Understand a serialised camera_info; return what became of it."""
    try:
        _, calibration = calibration_from_cdr(cdr)
    except CalibrationError as error:
        check_text(error)
        return 'refused'
    outcome = ''
    for rectified in (False, True):
        try:
            camera = camera_from_calibration(calibration, image_wh, rectified)
        except CalibrationError as error:
            check_text(error)
            outcome = outcome or 'refused'
            continue
        if camera is None:
            continue
        outcome = 'decoded'
        numbers = camera.intrinsics
        assert np.isfinite([numbers.fx, numbers.fy, numbers.cx, numbers.cy]).all()
        corners = np.array([[0, 0], [639, 0], [639, 479], [319.5, 239.5]])
        rays = camera.rays_from_pixels(corners)
        assert not np.isinf(rays).any()
        assert np.isfinite(rays[3]).all(), 'the middle of the image is always seen'
    return outcome or 'uncalibrated'
