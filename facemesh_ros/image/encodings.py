"""Image encodings: memory layout of each, and its conversion to a frame.

Names are those of ROS' `sensor_msgs/image_encodings.hpp`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facemesh_ros.types import PixelOrder

# (rows, W) or (rows, W, C), uint8 or uint16.
Rows = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Layout:
    """Memory layout of an encoding.

    Attributes:
        order: Pixel order of the frame.
        pixel_bytes: Bytes per pixel in a row.
        to_bgr: Converts 8-bit rows to BGR; None if they are used as they are.
        columns: That share a chroma sample: rows in memory are a multiple of so many pixels long.
        rows: That share a chroma sample: the height is a multiple of it.
        planes: Rows of the buffer per row of the image: 1.5 with a half-size chroma plane.
        depth: Bytes per channel.
    """

    order: PixelOrder
    pixel_bytes: int
    to_bgr: Callable[[Rows], Rows] | None = None
    columns: int = 1
    rows: int = 1
    planes: float = 1.0
    depth: int = 1


# ITU-R BT.601, limited range, as OpenCV converts the other YUV encodings: B, G and R from Y, U, V.
BGR_FROM_YUV = np.array([[1.164, 2.018, 0], [1.164, -0.391, -0.813], [1.164, 0, 1.596]])
YUV_ZEROS = np.array([16, 128, 128])


def _bgr_from_nv24(rows: Rows) -> Rows:
    height, width = len(rows) // 3, rows.shape[1]
    chroma = rows[height:].reshape(height, width, 2)
    yuv = cv2.merge([rows[:height], chroma[..., 0], chroma[..., 1]])
    return cv2.transform(yuv, np.column_stack([BGR_FROM_YUV, -BGR_FROM_YUV @ YUV_ZEROS]))


def _opencv(code: int) -> Callable[[Rows], Rows]:
    return partial(cv2.cvtColor, code=code)


def _yuv(code: int, pixel_bytes: int, planes: float = 1.0) -> Layout:
    rows = 1 if planes == 1 else 2
    return Layout(PixelOrder.BGR, pixel_bytes, _opencv(code), 2, rows, planes)


def _bayer(code: int, depth: int) -> Layout:
    return Layout(PixelOrder.BGR, depth, _opencv(code), depth=depth)


_UYVY = _yuv(cv2.COLOR_YUV2BGR_UYVY, 2)
_YUYV = _yuv(cv2.COLOR_YUV2BGR_YUY2, 2)

# OpenCV names a Bayer pattern after its second row, ROS after its first.
BAYER_TO_BGR = {
    'rggb': cv2.COLOR_BayerBG2BGR,
    'bggr': cv2.COLOR_BayerRG2BGR,
    'gbrg': cv2.COLOR_BayerGR2BGR,
    'grbg': cv2.COLOR_BayerGB2BGR,
}
LAYOUTS = {
    'rgb8': Layout(PixelOrder.RGB, 3),
    'bgr8': Layout(PixelOrder.BGR, 3),
    'rgba8': Layout(PixelOrder.RGBA, 4),
    'bgra8': Layout(PixelOrder.BGRA, 4),
    'mono8': Layout(PixelOrder.MONO, 1),
    'rgb16': Layout(PixelOrder.RGB, 6, depth=2),
    'bgr16': Layout(PixelOrder.BGR, 6, depth=2),
    'rgba16': Layout(PixelOrder.RGBA, 8, depth=2),
    'bgra16': Layout(PixelOrder.BGRA, 8, depth=2),
    'mono16': Layout(PixelOrder.MONO, 2, depth=2),
    'yuv422': _UYVY,
    'uyvy': _UYVY,
    'yuv422_yuy2': _YUYV,
    'yuyv': _YUYV,
    'nv12': _yuv(cv2.COLOR_YUV2BGR_NV12, 1, planes=1.5),
    'nv21': _yuv(cv2.COLOR_YUV2BGR_NV21, 1, planes=1.5),
    'nv24': Layout(PixelOrder.BGR, 1, _bgr_from_nv24, planes=3),
    **{f'bayer_{pattern}8': _bayer(code, 1) for pattern, code in BAYER_TO_BGR.items()},
    **{f'bayer_{pattern}16': _bayer(code, 2) for pattern, code in BAYER_TO_BGR.items()},
}
# OpenCV's types do not name the colours: they are in OpenCV's order, BGR.
OPENCV_TYPES = {
    '8UC1': 'mono8',
    '8UC3': 'bgr8',
    '8UC4': 'bgra8',
    '16UC3': 'bgr16',
    '16UC4': 'bgra16',
}
BY_NAME = {
    **{name: LAYOUTS[meant] for name, meant in OPENCV_TYPES.items()},
    **LAYOUTS,
}
DEPTH_IMAGE_ADVICE = (
    'holds distances, a depth image (REP 118): subscribe to the colour or infrared image; '
    'publish 16-bit grey images as mono16'
)
# What to publish instead of encodings without one meaning.
ADVICE = {
    '16UC1': DEPTH_IMAGE_ADVICE,
    '32FC1': DEPTH_IMAGE_ADVICE,
    '8UC2': 'does not name its two channels: publish yuv422 (U Y V Y) or yuv422_yuy2',
}
