"""Compressed image messages to frames, as compressed_image_transport writes them."""

from __future__ import annotations

from facemesh_ros.image.encoded_image import (
    STREAM_FORMATS,
    ImageTooLargeError,
    format_of,
    pixels_from_encoded,
)
from facemesh_ros.image.encodings import DEPTH_IMAGE_ADVICE, LAYOUTS, Rows
from facemesh_ros.image.raw_image import ImageError, To8Bits
from facemesh_ros.ros.input.cdr_image import AnyCompressedImage
from facemesh_ros.types import Frame, PixelOrder

VIDEO_CODECS = ('h264', 'h265', 'hevc', 'av1', 'vp8', 'vp9', 'mpeg4', 'theora')
DISTANCES = ('16uc1', '32fc1')


def frame_from_compressed(
    msg: AnyCompressedImage, stamp_ns: int, max_pixels: int, to_8_bits: To8Bits
) -> Frame:
    """Read a compressed image as it is stored: a camera's EXIF does not turn it.

    Args:
        msg: The message; its format is "png" or like "mono16; png compressed ".
        stamp_ns: When the image was taken, ns.
        max_pixels: Larger images are refused by their header.
        to_8_bits: Scales channels of 16 bits.

    Raises:
        ImageError: If it is damaged, too large, or no picture in a format that is read.
    """
    before, separator, _ = msg.format.partition(';')
    encoding = before.strip().lower() if separator else ''
    told = f'compressed image of format {msg.format!r}'
    _check_kind(msg, encoding, told)
    try:
        pixels: Rows = pixels_from_encoded(msg.data, max_pixels=max_pixels, apply_exif=False)
    except ImageTooLargeError as error:
        raise ImageError(f'{told}: {error}; max_image_megapixels allows more') from error
    except ImageError as error:
        raise ImageError(f'{told}: {error}') from error
    image = to_8_bits(pixels) if pixels.itemsize == 2 else pixels
    if image.ndim == 3:
        return Frame(image, PixelOrder.BGR, stamp_ns)
    bayer = LAYOUTS.get(encoding) if encoding.startswith('bayer_') else None
    if bayer is not None and bayer.to_bgr is not None:  # compressed before it was coloured
        return Frame(bayer.to_bgr(image), PixelOrder.BGR, stamp_ns)
    return Frame(image, PixelOrder.MONO, stamp_ns)


def _check_kind(msg: AnyCompressedImage, encoding: str, told: str) -> None:
    """Raise ImageError if a message is no picture that stands alone."""
    kind = msg.format.lower()
    if encoding in DISTANCES or 'compresseddepth' in kind:
        raise ImageError(f'{told} {DEPTH_IMAGE_ADVICE}')
    if any(codec in kind for codec in VIDEO_CODECS):
        raise ImageError(
            f'{told} is part of a video and cannot be read alone: publish jpeg, png or webp, or '
            'let `ros2 run image_transport republish` make raw images of it'
        )
    if format_of(msg.data, STREAM_FORMATS) is None:
        raise ImageError(
            f'{told} with {len(msg.data)} bytes is no {", ".join(STREAM_FORMATS)}: '
            "set the publisher's `format` to jpeg or png, or image_transport to raw"
        )
