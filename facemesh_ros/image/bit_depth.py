"""Channels of 16 bits to 8: sensors of 10 or 12 bits fill the low ones only."""

from __future__ import annotations

import cv2
import numpy as np

from facemesh_ros.image.encodings import Rows
from facemesh_ros.types import UInt8

# Of the analogue-to-digital converters of cameras.
SENSOR_BITS = (8, 10, 12, 14, 16)
# Long enough that a dark moment changes nothing, short enough to recover from a damaged image.
IMAGES_TO_FORGET = 100


def bits_in_use(values: Rows) -> int:
    """Return how many bits the sensor of a uint16 image seems to have: one of SENSOR_BITS."""
    largest = int(values.max(initial=0))
    return next(bits for bits in SENSOR_BITS if largest < 2**bits)


def uint8_from_uint16(values: Rows, bits: int | None = None) -> UInt8:
    """Scale values in the low bits of 16 to 8 bits: the largest that they can be becomes 255.

    Args:
        values: (H, W) or (H, W, C) uint16, in either byte order.
        bits: In use; by default those of this image.

    Returns:
        The same shape.
    """
    white = 2 ** (bits or bits_in_use(values)) - 1
    # OpenCV reads whole, native numbers only.
    native = np.require(values, np.uint16, ['C', 'A'])
    to_uint8 = cv2.convertScaleAbs(native, alpha=255 / white)
    return np.asarray(to_uint8, np.uint8).reshape(values.shape)


class StreamBitDepth:
    """The bits in use in a stream of images, so that brightness does not jump between them.

    More bits are believed at once; fewer when IMAGES_TO_FORGET images have made do with them.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget what was in use."""
        self._bits = self._lately = self._images = 0

    def to_uint8(self, values: Rows) -> UInt8:
        """Scale the next image to 8 bits, as `uint8_from_uint16` does."""
        bits = bits_in_use(values)
        self._lately = max(self._lately, bits)
        self._images += 1
        if bits >= self._bits or self._images >= IMAGES_TO_FORGET:
            self._bits, self._lately, self._images = self._lately, 0, 0
        return uint8_from_uint16(values, self._bits)
