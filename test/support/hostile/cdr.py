"""Serialised messages (plain CDR) with whatever in their fields, also what no ROS class takes."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

LITTLE_ENDIAN = b'\0\1\0\0'
HEADER_BYTES = len(LITTLE_ENDIAN)


class CdrWriter:
    """Writes numbers aligned to their size, strings and sequences after their length."""

    def __init__(self) -> None:
        self.cdr = bytearray(LITTLE_ENDIAN)

    def number(self, kind: str, value: float) -> None:
        """Write a number; `kind` is a format character of `struct`."""
        size = struct.calcsize('<' + kind)
        self.cdr += bytes((HEADER_BYTES - len(self.cdr)) % size)
        self.cdr += struct.pack('<' + kind, value)

    def octets(self, content: bytes, announced: int | None = None) -> None:
        """Write a sequence of bytes, whose length may be a lie."""
        self.number('I', len(content) if announced is None else announced)
        self.cdr += content

    def string(self, content: bytes) -> None:
        """Write a string, which need not be UTF-8."""
        self.octets(content + b'\0')


@dataclass
class Header:
    """The fields of a std_msgs/Header."""

    sec: int = 1
    nanosec: int = 0
    frame_id: bytes = b'camera_optical_frame'

    def write(self, to: CdrWriter) -> None:
        to.number('i', self.sec)
        to.number('I', self.nanosec)
        to.string(self.frame_id)


@dataclass
class RawImage:
    """The fields of a sensor_msgs/Image; `announced` is its length's, None for the true one."""

    header: Header = field(default_factory=Header)
    height: int = 0
    width: int = 0
    encoding: bytes = b''
    is_bigendian: int = 0
    step: int = 0
    data: bytes = b''
    announced: int | None = None

    def cdr(self) -> bytes:
        to = CdrWriter()
        self.header.write(to)
        to.number('I', self.height)
        to.number('I', self.width)
        to.string(self.encoding)
        to.number('B', self.is_bigendian)
        to.number('I', self.step)
        to.octets(self.data, self.announced)
        return bytes(to.cdr)


@dataclass
class CompressedImage:
    """The fields of a sensor_msgs/CompressedImage."""

    header: Header = field(default_factory=Header)
    format: bytes = b'jpeg'
    data: bytes = b''
    announced: int | None = None

    def cdr(self) -> bytes:
        to = CdrWriter()
        self.header.write(to)
        to.string(self.format)
        to.octets(self.data, self.announced)
        return bytes(to.cdr)


@dataclass
class CameraInfo:
    """The fields of a sensor_msgs/CameraInfo; its names, as there."""

    header: Header = field(default_factory=Header)
    height: int = 0
    width: int = 0
    distortion_model: bytes = b'plumb_bob'
    d: Sequence[float] = ()
    k: Sequence[float] = (0.0,) * 9
    r: Sequence[float] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    p: Sequence[float] = (0.0,) * 12
    binning: Sequence[int] = (0, 0)
    roi: Sequence[int] = (0, 0, 0, 0)
    do_rectify: int = 0

    def cdr(self) -> bytes:
        to = CdrWriter()
        self.header.write(to)
        to.number('I', self.height)
        to.number('I', self.width)
        to.string(self.distortion_model)
        to.number('I', len(self.d))
        for value in (*self.d, *self.k, *self.r, *self.p):
            to.number('d', value)
        for count in (*self.binning, *self.roi):
            to.number('I', count)
        to.number('B', self.do_rectify)
        return bytes(to.cdr)
