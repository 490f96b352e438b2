"""Image messages, raw or compressed, to frames.

This is also what cv_bridge does, but cv_bridge needs a ROS installation, and it misreads rows that
are padded by a fraction of a pixel and knows fewer encodings.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from facemesh_ros.errors import quoted
from facemesh_ros.image.bit_depth import uint8_from_uint16
from facemesh_ros.image.depth import depth_from_raw
from facemesh_ros.image.encoded_image import (
    STREAM_FORMATS,
    ImageTooLargeError,
    format_of,
    pixels_from_encoded,
)
from facemesh_ros.image.encodings import DEPTH_IMAGE_ADVICE, LAYOUTS, Rows
from facemesh_ros.image.raw_image import ImageError, RawImage, To8Bits, frame_from_raw
from facemesh_ros.types import DepthImage, Frame, PixelOrder

VIDEO_CODECS = ('h264', 'h265', 'hevc', 'av1', 'vp8', 'vp9', 'mpeg4', 'theora')
DEPTH_ENCODINGS = ('16uc1', '32fc1')


def frame_from_msg(
    msg: Any,
    *,
    max_megapixels: float,
    to_8_bits: To8Bits = uint8_from_uint16,
) -> Frame:
    """Convert an image message to a frame, which is a view of the message where that is possible.

    Args:
        msg: An Image or CompressedImage, of any class that has their fields.
        max_megapixels: Larger compressed images are refused, by their header.
        to_8_bits: Scales channels of 16 bits.

    Raises:
        ImageError: If the encoding is not supported or the message is malformed.
    """
    stamp_ns = ns_from_stamp(msg.header)
    if hasattr(msg, 'format'):
        return _frame_from_compressed(msg, stamp_ns, int(max_megapixels * 1e6), to_8_bits)
    return frame_from_raw(_raw_from_msg(msg), stamp_ns, to_8_bits)


def depth_from_msg(msg: Any) -> DepthImage:
    """Convert a depth image message; raises ImageError if it is malformed or no depth image."""
    return DepthImage(depth_from_raw(_raw_from_msg(msg)), ns_from_stamp(msg.header))


def _raw_from_msg(msg: Any) -> RawImage:
    buffer = np.frombuffer(msg.data, np.uint8)
    big_endian = bool(msg.is_bigendian)
    return RawImage(msg.encoding, msg.width, msg.height, msg.step, big_endian, buffer)


def ns_from_stamp(header: Any) -> int:
    """Return a header's stamp in ns."""
    return int(header.stamp.sec * 10**9 + header.stamp.nanosec)


def _frame_from_compressed(msg: Any, stamp_ns: int, max_pixels: int, to_8_bits: To8Bits) -> Frame:
    """Decode an image as it is stored: EXIF orientation is ignored.

    `msg.format` is "png", or like "mono16; png compressed " (compressed_image_transport).
    """
    before, separator, _ = msg.format.partition(';')
    encoding = before.strip().lower() if separator else ''
    what = f'compressed image of format {quoted(msg.format)}'
    _check_format(msg, encoding, what)
    try:
        pixels: Rows = pixels_from_encoded(msg.data, max_pixels=max_pixels, apply_exif=False)
    except ImageTooLargeError as error:
        raise ImageError(f'{what}: {error}; max_image_megapixels allows more') from error
    except ImageError as error:
        raise ImageError(f'{what}: {error}') from error
    image = to_8_bits(pixels) if pixels.itemsize == 2 else pixels
    if image.ndim == 3:
        return Frame(image, PixelOrder.BGR, stamp_ns)
    bayer = LAYOUTS.get(encoding) if encoding.startswith('bayer_') else None
    if bayer is not None and bayer.to_bgr is not None:  # compressed before demosaicing
        return Frame(bayer.to_bgr(image), PixelOrder.BGR, stamp_ns)
    return Frame(image, PixelOrder.MONO, stamp_ns)


def _check_format(msg: Any, encoding: str, what: str) -> None:
    """Raise ImageError for depth images, video packets and unknown formats."""
    name = msg.format.lower()
    if encoding in DEPTH_ENCODINGS or 'compresseddepth' in name:
        raise ImageError(f'{what} {DEPTH_IMAGE_ADVICE}')
    if any(codec in name for codec in VIDEO_CODECS):
        raise ImageError(
            f'{what} is part of a video and cannot be decoded alone: publish jpeg, png or webp, '
            'or convert it to raw images with `ros2 run image_transport republish`'
        )
    if format_of(msg.data, STREAM_FORMATS) is None:
        raise ImageError(
            f'{what} with {len(msg.data)} bytes is no {", ".join(STREAM_FORMATS)}: '
            "set the publisher's `format` to jpeg or png, or image_transport to raw"
        )
