"""Serialised image messages (CDR), read in place.

rclpy would turn every image that arrives into a Python message, copying its pixels twice under
the GIL, also those that are replaced by newer ones before they are processed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class CdrStamp:
    """The fields of a builtin_interfaces/Time."""

    sec: int = 0
    nanosec: int = 0


@dataclass(slots=True)
class CdrHeader:
    """The fields of a std_msgs/Header, made in a fraction of the time that a message takes."""

    stamp: CdrStamp = field(default_factory=CdrStamp)
    frame_id: str = ''


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
        new_header: Makes an empty std_msgs/Header, or what has its fields: a `CdrHeader`.
        is_compressed: Whether it is a CompressedImage, not an Image.

    Raises:
        ImageError: If it is truncated, damaged or no plain CDR.
    """
    try:
        reader, header = plain_reader(cdr), new_header()
        stamp = header.stamp
        (stamp.sec, stamp.nanosec), header.frame_id = reader.numbers_and_string('iI')
        if is_compressed:
            return CdrCompressedImage(header, reader.string(), reader.octets())
        (height, width), encoding = reader.numbers_and_string('II')
        is_bigendian, ((step,), data) = reader.number('B'), reader.numbers_and_octets('I')
        return CdrImage(header, height, width, encoding, is_bigendian, step, data)
    except CDR_ERRORS as error:
        raise ImageError(f'an image message of {len(cdr)} bytes is damaged: {error}') from error


def header_from_cdr(cdr: Octets) -> tuple[int, str]:
    """Return stamp, ns, and frame_id of a serialised message that begins with a header.

    Raises:
        CDR_ERRORS: If it is no plain CDR, or damaged.
    """
    (seconds, nanoseconds), frame_id = plain_reader(cdr).numbers_and_string('iI')
    return 10**9 * seconds + nanoseconds, frame_id


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
        self._cdr, self._order, self._offset = memoryview(cdr), order, ENCAPSULATION_BYTES

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
        return self.numbers_and_octets('')[1]

    def numbers_and_octets(self, kinds: str) -> tuple[tuple[Any, ...], memoryview]:
        """Read numbers of four bytes each, and the sequence of bytes behind them."""
        numbers = self.numbers(kinds + 'I')
        count, start = numbers[-1], self._offset
        octets = self._cdr[start : start + count]
        if len(octets) < count:
            raise struct.error(f'{count} bytes announced, {len(octets)} there')
        self._offset = start + count
        return numbers[:-1], octets

    def string(self) -> str:
        """Read a string, which ends at its first zero, as in C and so in all messages of ROS."""
        return self.numbers_and_string('')[1]

    def numbers_and_string(self, kinds: str) -> tuple[tuple[Any, ...], str]:
        """Read numbers of four bytes each, and the string behind them."""
        numbers, octets = self.numbers_and_octets(kinds)
        return numbers, bytes(octets).partition(b'\0')[0].decode()
