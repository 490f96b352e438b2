"""Converts raw camera buffers to 8-bit frames; see `encodings` for the supported encodings.

8-bit RGB-like and grey layouts stay views of the buffer; the others are converted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from facemesh_ros.errors import FacemeshError, quoted
from facemesh_ros.image.bit_depth import uint8_from_uint16
from facemesh_ros.image.encodings import ADVICE, BY_NAME, Layout, Rows
from facemesh_ros.types import Frame, UInt8

# cv2.remap, which takes the crops, addresses its source in 16 bits.
MAX_SIDE_PX = 32766
# Some drivers write 'BGR8' or 'Mono8'.
_LAYOUTS = {name.lower(): layout for name, layout in BY_NAME.items()}
_ADVICE = {name.lower(): text for name, text in ADVICE.items()}


class ImageError(FacemeshError):
    """An image that cannot be read; the text names the encoding or the size that is wrong."""


@dataclass(frozen=True, slots=True)
class RawImage:
    """A camera's buffer and its description; the fields of sensor_msgs/Image.

    Attributes:
        encoding: A key of `encodings.BY_NAME`.
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


To8Bits = Callable[[Rows], UInt8]


def frame_from_raw(raw: RawImage, stamp_ns: int, to_8_bits: To8Bits = uint8_from_uint16) -> Frame:
    """Turn a camera's buffer into a frame.

    Args:
        raw: The buffer; the frame may be a view of it.
        stamp_ns: When the image was taken, ns.
        to_8_bits: Scales 16-bit channels; by default each image by its own bit depth.

    Returns:
        The frame.

    Raises:
        ImageError: If the encoding is unknown or the sizes are inconsistent.
    """
    layout, shape, strides, dtype = _arrangement(
        raw.encoding, raw.width, raw.height, raw.step, raw.big_endian, len(raw.buffer)
    )
    rows: Rows = np.ndarray(shape, dtype, raw.buffer, strides=strides)
    image: Any = to_8_bits(rows) if layout.depth == 2 else rows
    if layout.to_bgr is not None:
        image = layout.to_bgr(np.ascontiguousarray(image))
    return Frame(image[:, : raw.width], layout.order, stamp_ns)


def layout_of(encoding: str) -> Layout:
    """Return the memory layout of an encoding; case and surrounding spaces do not matter.

    Raises:
        ImageError: If it is not supported; the text says what to publish instead.
    """
    name = encoding.strip().lower()
    if name in _ADVICE:
        raise ImageError(f'image encoding {quoted(encoding)} {_ADVICE[name]}')
    if name not in _LAYOUTS:
        raise ImageError(
            f'image encoding {quoted(encoding)} is not supported; publish one of '
            f'{", ".join(BY_NAME)}'
        )
    return _LAYOUTS[name]


def check_size(raw: RawImage, layout: Layout) -> None:
    """Raise ImageError if the size is impossible or the buffer is too short for it."""
    _check_size(raw.encoding, raw.width, raw.height, raw.step, len(raw.buffer), layout)


def _columns_in_memory(width: int, layout: Layout) -> int:
    """Return the pixels of a row in memory, rounded up to whole chroma samples."""
    return -(-width // layout.columns) * layout.columns


def _check_size(
    encoding: str, width: int, height: int, step: int, length: int, layout: Layout
) -> None:
    name = encoding.strip()
    size = f'{width}x{height} {name} image'
    if not (0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX):
        raise ImageError(f'{size}: each side must be 1 to {MAX_SIDE_PX} px')
    if layout.rows > 1 and (width % layout.columns or height % layout.rows):
        raise ImageError(f'{size}: this encoding needs even sides')
    row_bytes = _columns_in_memory(width, layout) * layout.pixel_bytes
    if step < row_bytes:
        raise ImageError(f'{size}: step is {step} bytes, a row needs {row_bytes}')
    if layout.planes > 2 and step > row_bytes:
        raise ImageError(f'{size}: step is {step} bytes, but this encoding has no padding')
    needed = (int(height * layout.planes) - 1) * step + row_bytes
    if length < needed:
        raise ImageError(f'{size}: data has {length} bytes, step and size need {needed}')


@lru_cache(maxsize=64)
def _arrangement(
    encoding: str, width: int, height: int, step: int, big_endian: bool, length: int
) -> tuple[Layout, tuple[int, ...], tuple[int, ...], np.dtype[Any]]:
    """Return how a sound buffer is seen as (rows, W) or (rows, W, C), without its padding.

    The images of a camera are all alike, and are checked once.

    Returns:
        The layout, and shape, strides and type of the array.
    """
    layout = layout_of(encoding)
    _check_size(encoding, width, height, step, length, layout)
    channels = layout.pixel_bytes // layout.depth
    axes = 3 if channels > 1 else 2
    columns = _columns_in_memory(width, layout)
    shape = (int(height * layout.planes), columns, channels)[:axes]
    strides = (step, layout.pixel_bytes, layout.depth)[:axes]
    dtype = np.dtype(np.uint8 if layout.depth == 1 else '>u2' if big_endian else '<u2')
    return layout, shape, strides, dtype
