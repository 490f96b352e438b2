"""Serialised image messages (CDR), read in place.

rclpy would turn every image that arrives into a Python message, copying its pixels twice under
the GIL, also those that are replaced by newer ones before they are processed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from facemesh_ros.image.raw_image import ImageError

# The representation identifier of plain CDR, to the byte order of `struct`; with two bytes of
# options it makes the encapsulation header, behind which offsets are counted.
BYTE_ORDERS = {b'\x00\x00': '>', b'\x00\x01': '<'}
ENCAPSULATION_BYTES = 4
Octets = bytes | memoryview
# Of bytes that are no plain CDR, or damaged.
CDR_ERRORS = (ValueError, struct.error)


@dataclass(frozen=True, slots=True)
class CdrImage:
    """The fields of a sensor_msgs/Image; `data` is a view of the serialised message."""

    header: Any
    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    data: memoryview


@dataclass(frozen=True, slots=True)
class CdrCompressedImage:
    """The fields of a sensor_msgs/CompressedImage; `data` is a view of the serialised message."""

    header: Any
    format: str
    data: memoryview


def image_from_cdr(
    cdr: Octets, new_header: Callable[[], Any], *, is_compressed: bool
) -> CdrImage | CdrCompressedImage:
    """Read a serialised message.

    Args:
        cdr: As a raw subscription or a recording gives it, in plain CDR.
        new_header: Makes an empty std_msgs/Header.
        is_compressed: Whether it is a CompressedImage, not an Image.

    Raises:
        ImageError: If it is truncated, damaged or no plain CDR.
    """
    try:
        reader = plain_reader(cdr)
        header = new_header()
        header.stamp.sec, header.stamp.nanosec = reader.numbers('iI')
        header.frame_id = reader.string()
        if is_compressed:
            return CdrCompressedImage(header, reader.string(), reader.octets())
        (height, width), encoding = reader.numbers('II'), reader.string()
        is_bigendian, step = reader.number('B'), reader.number('I')
        return CdrImage(header, height, width, encoding, is_bigendian, step, reader.octets())
    except CDR_ERRORS as error:
        raise ImageError(f'an image message of {len(cdr)} bytes is damaged: {error}') from error


def header_from_cdr(cdr: Octets) -> tuple[int, str]:
    """Return stamp, ns, and frame_id of a serialised message that begins with a header.

    Raises:
        CDR_ERRORS: If it is no plain CDR, or damaged.
    """
    reader = plain_reader(cdr)
    seconds, nanoseconds = reader.numbers('iI')
    return 10**9 * seconds + nanoseconds, reader.string()


def plain_reader(cdr: Octets) -> CdrReader:
    """Return a reader of a serialised message; raises ValueError if it is no plain CDR."""
    order = BYTE_ORDERS.get(bytes(cdr[:2]))
    if order is None:
        raise ValueError('it is not plain CDR')
    return CdrReader(cdr, order)


@lru_cache(maxsize=128)
def _layout(kinds: str) -> tuple[struct.Struct, int]:
    """Return what reads some numbers of one size, and to what they are aligned, bytes."""
    layout = struct.Struct(kinds)
    return layout, layout.size // max(1, len(kinds) - 1) or 1


class CdrReader:
    """Reads plain CDR: numbers aligned to their size, strings and sequences after their length.

    Source: OMG DDS-XTypes, plain CDR version 1.
    """

    def __init__(self, cdr: Octets, order: str) -> None:
        self._cdr, self._order, self._offset = cdr, order, ENCAPSULATION_BYTES

    def number(self, kind: str) -> Any:
        """Read a number; `kind` is a format character of `struct`."""
        (value,) = self.numbers(kind)
        return value

    def doubles(self, count: int) -> tuple[float, ...]:
        """Read an array of so many float64."""
        return self.numbers(count * 'd')

    def numbers(self, kinds: str) -> tuple[Any, ...]:
        """Read numbers in a row, all of one size; `kinds` has a character for each."""
        layout, alignment = _layout(self._order + kinds)
        self._offset += (ENCAPSULATION_BYTES - self._offset) % alignment
        values = layout.unpack_from(self._cdr, self._offset)
        self._offset += layout.size
        return values

    def octets(self) -> memoryview:
        """Read a sequence of bytes."""
        count = self.number('I')
        octets = memoryview(self._cdr)[self._offset : self._offset + count]
        if len(octets) < count:
            raise struct.error(f'{count} bytes announced, {len(octets)} there')
        self._offset += count
        return octets

    def string(self) -> str:
        """Read a string, which ends at its first zero, as in C and so in all messages of ROS."""
        return bytes(self.octets()).partition(b'\0')[0].decode()
