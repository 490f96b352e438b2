"""Image messages as they came over the wire, read in place when their turn has come.

rclpy would turn every image that arrives into a Python message, copying its pixels twice under
Python's lock, also those that are replaced by newer ones before anybody looks at them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from facemesh_ros.image.raw_image import ImageError

# What plain CDR begins with, by byte order; offsets count from behind it.
BYTE_ORDERS = {b'\x00\x00': '>', b'\x00\x01': '<'}
MARK_BYTES = 4


@dataclass(frozen=True, slots=True)
class CdrImage:
    """What a sensor_msgs/Image holds, its pixels where they arrived."""

    header: Header
    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    data: memoryview


@dataclass(frozen=True, slots=True)
class CdrCompressedImage:
    """What a sensor_msgs/CompressedImage holds, its bytes where they arrived."""

    header: Header
    format: str
    data: memoryview


AnyImage = Image | CdrImage
AnyCompressedImage = CompressedImage | CdrCompressedImage


def read_image(kind: type, content: bytes) -> AnyImage | AnyCompressedImage:
    """Read a serialised image message.

    Args:
        kind: Image or CompressedImage.
        content: As the subscription got it.

    Raises:
        ImageError: If it ends too early.
    """
    order = BYTE_ORDERS.get(content[:2])
    if order is None:  # another encapsulation than any middleware sends today
        return deserialize_message(content, kind)  # type: ignore[no-any-return]
    reader = _Reader(content, order)
    try:
        header = reader.header()
        if kind is CompressedImage:
            return CdrCompressedImage(header, reader.string(), reader.octets())
        height, width, encoding = reader.number('I'), reader.number('I'), reader.string()
        is_bigendian, step = reader.number('B'), reader.number('I')
        return CdrImage(header, height, width, encoding, is_bigendian, step, reader.octets())
    except (struct.error, UnicodeDecodeError) as error:
        raise ImageError(
            f'an image message of {len(content)} bytes is damaged: {error}'
        ) from error


class _Reader:
    """Reads plain CDR: each number at a multiple of its size, strings behind their length.

    Source: OMG DDS-XTypes, plain CDR version 1.
    """

    def __init__(self, content: bytes, order: str) -> None:
        self._content, self._order, self._at = content, order, MARK_BYTES

    def number(self, kind: str) -> Any:
        """Read a number of a kind of `struct`."""
        one = struct.Struct(self._order + kind)
        self._at += (MARK_BYTES - self._at) % one.size
        (value,) = one.unpack_from(self._content, self._at)
        self._at += one.size
        return value

    def octets(self) -> memoryview:
        """Read a sequence of bytes."""
        count = self.number('I')
        found = memoryview(self._content)[self._at : self._at + count]
        if len(found) < count:
            raise struct.error(f'{count} bytes announced, {len(found)} there')
        self._at += count
        return found

    def string(self) -> str:
        """Read a string, which ends in a zero."""
        return bytes(self.octets())[:-1].decode()

    def header(self) -> Header:
        """Read a std_msgs/Header."""
        header = Header()
        header.stamp.sec, header.stamp.nanosec = self.number('i'), self.number('I')
        header.frame_id = self.string()
        return header
