"""Decodes JPEG, PNG and other encoded images, once the size in the header has been checked.

Pillow decodes because its codecs report errors to the caller; those of OpenCV let libjpeg and
libpng write to the process's log, once for every damaged image.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from facemesh_ros.errors import in_one_line
from facemesh_ros.image.bit_depth import uint8_from_uint16
from facemesh_ros.image.raw_image import MAX_SIDE_PX, ImageError
from facemesh_ros.types import UInt8

# Pillow's names; each plugin is registered by its import.
STREAM_FORMATS = tuple(
    plugin.format
    for plugin in (
        JpegImagePlugin.JpegImageFile,
        PngImagePlugin.PngImageFile,
        WebPImagePlugin.WebPImageFile,
    )
)
FILE_FORMATS = (*STREAM_FORMATS, 'AVIF', 'BMP', 'GIF', 'JPEG2000', 'PPM', 'TIFF')
# Two or three dozen is the most that encoders write; each costs as much as the whole image.
MAX_JPEG_SCANS = 100
START_OF_SCAN = b'\xff\xda'
# Some cameras send JPEG without an end marker. The decoder reads a few bytes ahead.
LOOKAHEAD = bytes(16)
EXIF_ORIENTATION = 0x0112
# Pillow's, of what is wrong with an image: once for all, as to catch them is not for threads.
warnings.filterwarnings('ignore', category=UserWarning, module=r'PIL\.')
LONGEST_MAGIC = 16


class ImageTooLargeError(ImageError):
    """An image of more pixels than the caller allows."""


def bgr_from_encoded(
    encoded: bytes | memoryview,
    *,
    max_pixels: int,
    apply_exif: bool,
    formats: Sequence[str] = STREAM_FORMATS,
) -> UInt8:
    """Decode an image; of an animation the first picture.

    Args:
        encoded: The content of a file.
        max_pixels: Larger ones are refused by their header.
        apply_exif: Whether to apply the EXIF orientation; false keeps the image as it is stored.
        formats: Formats that may be decoded, by Pillow's names.

    Returns:
        (H, W, 3), contiguous, writable; without transparency.

    Raises:
        ImageTooLargeError: If it has more than `max_pixels`.
        ImageError: If it is in none of the formats, damaged, or has a side above MAX_SIDE_PX.
    """
    pixels = pixels_from_encoded(
        encoded, max_pixels=max_pixels, apply_exif=apply_exif, formats=formats
    )
    if pixels.dtype == np.uint16:
        pixels = uint8_from_uint16(pixels)
    if pixels.ndim == 2:
        return np.repeat(pixels[..., None], 3, axis=2)
    return np.require(pixels, requirements='W')


def pixels_from_encoded(
    encoded: bytes | memoryview,
    *,
    max_pixels: int,
    apply_exif: bool,
    formats: Sequence[str] = STREAM_FORMATS,
) -> NDArray[Any]:
    """Decode an image as `bgr_from_encoded` does, but leave grey ones grey and 16 bits 16.

    Returns:
        (H, W, 3) BGR or (H, W), uint8, or uint16 if 16 bits are stored; perhaps read-only.
    """
    name = format_of(encoded, formats)
    if name is None:
        raise ImageError(
            f'{len(encoded)} bytes are no image in any of the formats {", ".join(formats)}'
        )
    content = b''.join((encoded, LOOKAHEAD))
    if name == 'JPEG' and content.count(START_OF_SCAN) > MAX_JPEG_SCANS:
        raise ImageError(f'JPEG image of more than {MAX_JPEG_SCANS} scans')
    try:
        # Pillow's own choice for JPEG warns on the terminal of damaged lists of further pictures.
        open_image = JpegImagePlugin.JpegImageFile if name == 'JPEG' else Image.OPEN[name][0]
        image = open_image(io.BytesIO(content), '')
        _check_size(image, name, max_pixels)
        deep = _deep_rawmode(image, name)
        image.load()
        pixels = _pixels(image)
        if deep:
            pixels = _deep_bgr(content, deep, pixels)
        return _upright(pixels, image) if apply_exif else pixels
    except ImageError:
        raise
    # Pillow's parsers raise whatever damaged bytes lead them to.
    except Exception as error:
        raise ImageError(
            f'damaged {name} image of {len(encoded)} bytes: {in_one_line(error)}'
        ) from error


def format_of(encoded: bytes | memoryview, formats: Sequence[str]) -> str | None:
    """Return the format, by Pillow's name, that the first bytes of an image belong to."""
    if not set(formats) <= set(Image.OPEN):
        Image.init()
    prefix = bytes(encoded[:LONGEST_MAGIC])
    for name in formats:
        _, accept = Image.OPEN.get(name, (None, None))
        # A text instead of True means that this Pillow was built without the codec.
        if prefix and accept is not None and accept(prefix) is True:
            return name
    return None


def _check_size(image: Image.Image, name: str, max_pixels: int) -> None:
    width, height = image.size
    size = f'{name} image of {width}x{height} px'
    if width * height > max_pixels:
        raise ImageTooLargeError(
            f'{size} has {width * height / 1e6:.1f} megapixels, more than the limit of '
            f'{max_pixels / 1e6:g}'
        )
    if not (0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX):
        raise ImageError(f'{size}: each side must be 1 to {MAX_SIDE_PX} px')


def _pixels(image: Image.Image) -> NDArray[Any]:
    """Return a decoded image as BGR, or as grey where it has no colour."""
    if image.mode.startswith('I'):  # older Pillows read 16 bits to 32
        return np.asarray(image).clip(0, 65535).astype(np.uint16)
    if image.mode == 'F':
        raise ImageError('floating point pixels have no known black and white; save it as 8 bits')
    if image.mode in ('1', 'L', 'LA', 'La'):
        return np.array(image.convert('L'))
    width, height = image.size
    rgb = image if image.mode == 'RGB' else image.convert('RGB')
    return np.frombuffer(rgb.tobytes('raw', 'BGR'), np.uint8).reshape(height, width, 3)


def _deep_rawmode(image: Any, name: str) -> str:
    """Return how Pillow reads the high bytes of a PNG with 16-bit colours; empty for others."""
    rawmode = image.tile[0][3] if name == 'PNG' and len(image.tile) == 1 else ''
    return str(rawmode) if rawmode in ('RGB;16B', 'RGBA;16B') else ''


def _deep_bgr(content: bytes, rawmode: str, high: NDArray[Any]) -> NDArray[Any]:
    """Return 16-bit colours of a PNG, of which Pillow keeps one byte: `high`, as read before.

    Read again as if it were little endian, its low bytes are taken for the high ones.
    """
    image: Any = Image.OPEN['PNG'][0](io.BytesIO(content), '')
    codec, extents, offset, _ = image.tile[0]
    image.tile = [(codec, extents, offset, rawmode.replace('16B', '16L'))]
    image.load()
    low = _pixels(image)
    return np.asarray((high.astype(np.uint16) << 8) | low)


def _upright(pixels: NDArray[Any], image: Image.Image) -> NDArray[Any]:
    """Apply the EXIF orientation; the decoders of some formats have already applied it."""
    try:
        orientation = image.getexif().get(EXIF_ORIENTATION, 1)
    except Exception:  # damaged EXIF
        return pixels
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    down = -1 if orientation in (3, 4, 7, 8) else 1
    right = -1 if orientation in (2, 3, 6, 7) else 1
    return np.ascontiguousarray(pixels[::down, ::right])
