"""Conversion of 16-bit channels to 8 bits; sensors of 10 or 12 bits use the low bits only."""

from __future__ import annotations

import cv2
import numpy as np

from facemesh_ros.image.encodings import Rows
from facemesh_ros.types import UInt8

# Bit depths of cameras' analogue-to-digital converters.
SENSOR_BITS = (8, 10, 12, 14, 16)
# Long enough that a dark moment changes nothing, short enough to recover from a damaged image.
IMAGES_UNTIL_FEWER_BITS = 100


def bits_in_use(values: Rows) -> int:
    """Return the bit depth of SENSOR_BITS that a uint16 image fits in."""
    largest = int(values.max(initial=0))
    return next(bits for bits in SENSOR_BITS if largest < 2**bits)


def uint8_from_uint16(values: Rows, bits: int | None = None) -> UInt8:
    """Scale 16-bit channels to 8 bits: value · 255 / (2^bits − 1).

    Args:
        values: (H, W) or (H, W, C) uint16, in either byte order.
        bits: Bit depth of the sensor; by default that of this image.

    Returns:
        The same shape.
    """
    white = 2 ** (bits or bits_in_use(values)) - 1
    # OpenCV reads whole, native numbers only.
    native = np.require(values, np.uint16, ['C', 'A'])
    to_uint8 = cv2.convertScaleAbs(native, alpha=255 / white)
    return np.asarray(to_uint8, np.uint8).reshape(values.shape)


class StreamBitDepth:
    """Bit depth of a stream of images, so that brightness does not jump between them.

    It rises at once, and falls after IMAGES_UNTIL_FEWER_BITS images that need fewer.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the bit depth."""
        self._bits = self._recent_bits = self._images = 0

    def to_uint8(self, values: Rows) -> UInt8:
        """Scale the next image to 8 bits, as `uint8_from_uint16` does."""
        bits = bits_in_use(values)
        self._recent_bits = max(self._recent_bits, bits)
        self._images += 1
        if bits >= self._bits or self._images >= IMAGES_UNTIL_FEWER_BITS:
            self._bits, self._recent_bits, self._images = self._recent_bits, 0, 0
        return uint8_from_uint16(values, self._bits)
