"""Raw camera buffers to frames, for every encoding that robots' cameras send as 8-bit images.

Encodings carry the names of ROS' `sensor_msgs/image_encodings.hpp`. RGB-like and grey layouts stay
views of the buffer; the others are converted to BGR.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facemesh_ros.core.types import Frame, PixelOrder, UInt8
from facemesh_ros.errors import FacemeshError

# cv2.warpAffine addresses its source in 16 bits.
MAX_SIDE_PX = 32766
# Of the analogue-to-digital converters of cameras.
SENSOR_BITS = (8, 10, 12, 14, 16)


class ImageError(FacemeshError):
    """An image that cannot be read; the text names the encoding or the size that is wrong."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How an encoding lies in memory.

    Attributes:
        order: Of the frame that it becomes.
        pixel_bytes: Bytes per pixel in a row.
        conversion: OpenCV colour conversion to BGR, None if it is used as it is.
        even: Whether width and height must be even.
        planes: Rows of the buffer per row of the image: 1.5 with a half-size colour plane.
        depth: Bytes per channel.
    """

    order: PixelOrder
    pixel_bytes: int
    conversion: int | None = None
    even: bool = False
    planes: float = 1.0
    depth: int = 1


def _converted(pixel_bytes: int, conversion: int, planes: float = 1.0) -> Layout:
    return Layout(PixelOrder.BGR, pixel_bytes, conversion, even=True, planes=planes)


_UYVY = _converted(2, cv2.COLOR_YUV2BGR_UYVY)
_YUYV = _converted(2, cv2.COLOR_YUV2BGR_YUY2)

# OpenCV names a Bayer pattern after its second row, ROS after its first.
LAYOUTS = {
    'rgb8': Layout(PixelOrder.RGB, 3),
    'bgr8': Layout(PixelOrder.BGR, 3),
    'rgba8': Layout(PixelOrder.RGBA, 4),
    'bgra8': Layout(PixelOrder.BGRA, 4),
    'mono8': Layout(PixelOrder.MONO, 1),
    'mono16': Layout(PixelOrder.MONO, 2, depth=2),
    'yuv422': _UYVY,
    'uyvy': _UYVY,
    'yuv422_yuy2': _YUYV,
    'yuyv': _YUYV,
    'nv12': _converted(1, cv2.COLOR_YUV2BGR_NV12, planes=1.5),
    'nv21': _converted(1, cv2.COLOR_YUV2BGR_NV21, planes=1.5),
    'bayer_rggb8': _converted(1, cv2.COLOR_BayerBG2BGR),
    'bayer_bggr8': _converted(1, cv2.COLOR_BayerRG2BGR),
    'bayer_gbrg8': _converted(1, cv2.COLOR_BayerGR2BGR),
    'bayer_grbg8': _converted(1, cv2.COLOR_BayerGB2BGR),
}


@dataclass(frozen=True, slots=True)
class RawImage:
    """A camera's buffer and what it says of itself; the fields of sensor_msgs/Image.

    Attributes:
        encoding: A key of LAYOUTS.
        width: px.
        height: px.
        step: Bytes from one row to the next; more than a row's pixels if rows are padded.
        big_endian: Byte order of channels wider than a byte.
        buffer: (height · step,) or longer, uint8.
    """

    encoding: str
    width: int
    height: int
    step: int
    big_endian: bool
    buffer: UInt8


# (rows, W) or (rows, W, C), uint8 or uint16.
Rows = NDArray[Any]
RowReader = Callable[[RawImage, Layout], Rows]


def frame_from_raw(raw: RawImage, stamp_ns: int, read_rows: RowReader | None = None) -> Frame:
    """Turn a camera's buffer into a frame.

    Args:
        raw: The buffer; the frame may be a view of it.
        stamp_ns: When the image was taken, ns.
        read_rows: Gives what `rows_from_raw` gives, which is the default.

    Returns:
        The frame.

    Raises:
        ImageError: If the encoding is not known or the numbers do not fit together.
    """
    layout = _layout_of(raw.encoding)
    _check_size(raw, layout)
    rows = (read_rows or rows_from_raw)(raw, layout)
    return _frame_from_rows(rows, layout, stamp_ns)


def _layout_of(encoding: str) -> Layout:
    """Return how an encoding lies in memory, or raise ImageError naming those that work."""
    if encoding not in LAYOUTS:
        raise ImageError(
            f'image encoding {encoding!r} is not supported; supported are {", ".join(LAYOUTS)}'
        )
    return LAYOUTS[encoding]


def _check_size(raw: RawImage, layout: Layout) -> None:
    """Raise ImageError if the size is impossible or the buffer is shorter than it says."""
    width, height, size = raw.width, raw.height, f'{raw.width}x{raw.height} {raw.encoding} image'
    if not (0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX):
        raise ImageError(f'{size}: each side must be 1 to {MAX_SIDE_PX} px')
    if layout.even and (width % 2 or height % 2):
        raise ImageError(f'{size}: this encoding needs even sides')
    row_bytes = width * layout.pixel_bytes
    if raw.step < row_bytes:
        raise ImageError(f'{size}: step is {raw.step} bytes, a row needs {row_bytes}')
    needed = (int(height * layout.planes) - 1) * raw.step + row_bytes
    if len(raw.buffer) < needed:
        raise ImageError(f'{size}: data has {len(raw.buffer)} bytes, step and size need {needed}')


def rows_from_raw(raw: RawImage, layout: Layout) -> Rows:
    """View a buffer as (rows, W) or (rows, W, C), leaving out what pads its rows."""
    channels = layout.pixel_bytes // layout.depth
    axes = 3 if channels > 1 else 2
    shape = (int(raw.height * layout.planes), raw.width, channels)[:axes]
    strides = (raw.step, layout.pixel_bytes, layout.depth)[:axes]
    dtype = np.dtype(np.uint8 if layout.depth == 1 else '>u2' if raw.big_endian else '<u2')
    return np.ndarray(shape, dtype, raw.buffer, strides=strides)


def _frame_from_rows(rows: Rows, layout: Layout, stamp_ns: int) -> Frame:
    """Bring unpadded rows to 8 bits and, where the layout asks for it, to BGR."""
    image: Any = grey8_from_grey16(rows) if layout.depth == 2 else rows
    if layout.conversion is not None:
        image = cv2.cvtColor(np.ascontiguousarray(rows), layout.conversion)
    return Frame(image, layout.order, stamp_ns)


def bits_in_use(grey16: Rows) -> int:
    """Return how many bits the sensor of a uint16 image seems to have: one of SENSOR_BITS."""
    largest = int(grey16.max(initial=0))
    return next(bits for bits in SENSOR_BITS if largest < 2**bits)


def grey8_from_grey16(grey16: Rows, bits: int | None = None) -> UInt8:
    """Bring grey values in the low bits of 16 to 8 bits: the largest of them becomes 255.

    Args:
        grey16: (H, W) uint16.
        bits: In use; by default those of this image.
    """
    white = 2 ** (bits or bits_in_use(grey16)) - 1
    # In native byte order, which is the only one that OpenCV reads right.
    native = grey16.astype(np.uint16, copy=False)
    return np.asarray(cv2.convertScaleAbs(native, alpha=255 / white), np.uint8)
