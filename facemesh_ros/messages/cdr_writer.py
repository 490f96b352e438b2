"""Serialised messages (CDR), written field by field from numbers and arrays.

In rclpy a message of a thousand points is a thousand Python objects, each of which is converted
and checked. What is published for every image is written as bytes instead, which publishers and
recordings take as they are.
"""

from __future__ import annotations

import struct
import sys
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

# The encapsulation header of plain CDR in this machine's byte order; offsets count from behind it.
PLAIN_CDR = bytes([0, sys.byteorder == 'little', 0, 0])


class CdrWriter:
    """Writes plain CDR: numbers aligned to their size, strings and sequences after their length.

    This is the layout of C structs, which Python's `struct` has in its native mode: so fields are
    collected, and packed at once.

    Source: OMG DDS-XTypes, plain CDR version 1.

    Example: a header of the frame "camera".
        >>> writer = CdrWriter()
        >>> writer.numbers('iI', 17, 5)
        >>> writer.text('camera')
        >>> len(writer.to_bytes())
        23
    """

    def __init__(self) -> None:
        self._format, self._values = ['@'], list[Any]()

    def numbers(self, kinds: str, *values: Any) -> None:
        """Write fields in a row; `kinds` has a format character of `struct` for each of them."""
        self._format.append(kinds)
        self._values.extend(values)

    def text(self, text: str) -> None:
        """Write a string."""
        octets = text.encode() + b'\0'
        self._format.append(f'I{len(octets)}s')
        self._values += (len(octets), octets)

    def array(self, kind: str, values: ArrayLike) -> None:
        """Write an array of a fixed length, in row-major order; `kind` is that of its numbers."""
        octets = np.asarray(values, kind).tobytes()
        self._format.append(f'0{kind}{len(octets)}s')
        self._values.append(octets)

    def sequence(self, kind: str, values: ArrayLike) -> None:
        """Write a sequence whose elements are numbers, or rows of numbers: points, colours."""
        rows = np.asarray(values, kind)
        self.numbers('I', len(rows))
        if rows.size:  # without elements nothing is aligned
            self.array(kind, rows)

    def header(self, header: Any) -> None:
        """Write a std_msgs/Header, of any class that has its fields."""
        self.numbers('iI', header.stamp.sec, header.stamp.nanosec)
        self.text(header.frame_id)

    def to_bytes(self) -> bytes:
        """Return the message, ready to be published."""
        return PLAIN_CDR + struct.pack(''.join(self._format), *self._values)
