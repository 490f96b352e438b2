"""A serialised message (CDR) whose numbers are overwritten in place.

In rclpy a message of a thousand points is a thousand Python objects. But the messages of a stream
differ in their numbers only: so one is serialised, and the numbers of the following ones are
written at their field offsets in its bytes. For the mesh markers of a face that takes .06 ms
instead of 2.8 ms.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rclpy.serialization import serialize_message
from rosidl_parser.definition import AbstractSequence, AbstractString, Array, BasicType

# The encapsulation header of plain CDR in this machine's byte order; offsets count from behind it.
PLAIN_CDR = bytes([0, sys.byteorder == 'little'])
ENCAPSULATION_BYTES = 4
DTYPES = {
    'boolean': np.bool_, 'octet': np.uint8, 'char': np.uint8, 'float': np.float32,
    'double': np.float64, 'int8': np.int8, 'uint8': np.uint8, 'int16': np.int16,
    'uint16': np.uint16, 'int32': np.int32, 'uint32': np.uint32, 'int64': np.int64,
    'uint64': np.uint64,
}  # fmt: skip


class LayoutError(Exception):
    """The middleware serialises a message in an unknown way."""


@dataclass(frozen=True, slots=True)
class FieldOffset:
    """Where numbers of one type lie in a message."""

    offset: int
    dtype: type[np.generic]
    count: int


class CdrTemplate:
    """A serialised message."""

    def __init__(self, msg: Any) -> None:
        """Serialise a message; raises LayoutError if the result is not plain CDR."""
        cdr = serialize_message(msg)
        layout = _Layout(msg)
        if not cdr.startswith(PLAIN_CDR) or len(cdr) != ENCAPSULATION_BYTES + layout.size:
            raise LayoutError(f'{type(msg).__name__} is not serialised as plain CDR')
        self._cdr, self._offsets = bytearray(cdr), layout.offsets

    def view(self, path: str) -> np.ndarray:
        """Return the numbers at a path, such as `markers[0].color`, to be overwritten.

        Messages whose fields are all numbers of one type, as points and colours are, count as
        these numbers, and a string as its letters.
        """
        field = self._offsets[path]
        start = ENCAPSULATION_BYTES + field.offset
        return np.frombuffer(self._cdr, field.dtype, field.count, start)

    def to_bytes(self) -> bytes:
        """Return the message as it is now, ready to be published."""
        return bytes(self._cdr)


class _Layout:
    """The offsets of all fields of a message.

    Source: OMG DDS-XTypes, plain CDR version 1: each number is aligned to its size, strings and
    sequences follow their length.

    Attributes:
        offsets: By path.
        size: Of the whole message in bytes.
    """

    def __init__(self, msg: Any) -> None:
        self.offsets: dict[str, FieldOffset] = {}
        self.size = 0
        self._add_message(msg, '')

    def _add_message(self, msg: Any, path: str) -> None:
        for name, kind in zip(msg.get_fields_and_field_types(), msg.SLOT_TYPES, strict=True):
            self._add(getattr(msg, name), kind, f'{path}.{name}' if path else name)

    def _add(self, value: Any, kind: Any, path: str) -> None:
        if isinstance(kind, AbstractString):
            self._add_numbers('uint32', 1, '')
            self._add_numbers('char', len(value.encode()), path)
            self.size += 1  # the terminating zero
        elif isinstance(kind, AbstractSequence):
            self._add_numbers('uint32', 1, '')
            self._add_elements(value, kind.value_type, path)
        elif isinstance(kind, Array):
            self._add_elements(value, kind.value_type, path)
        elif isinstance(kind, BasicType):
            self._add_numbers(kind.typename, 1, path)
        elif typename := _only_type(value):
            self._add_numbers(typename, len(value.SLOT_TYPES), path)
        else:
            self._add_message(value, path)

    def _add_elements(self, values: Sequence[Any], kind: Any, path: str) -> None:
        if not len(values):
            return
        if isinstance(kind, BasicType):
            self._add_numbers(kind.typename, len(values), path)
        elif typename := _only_type(values[0]):
            self._add_numbers(typename, len(values) * len(values[0].SLOT_TYPES), path)
        else:
            for index, value in enumerate(values):
                self._add(value, kind, f'{path}[{index}]')

    def _add_numbers(self, typename: str, count: int, path: str) -> None:
        dtype = DTYPES[typename]
        itemsize = np.dtype(dtype).itemsize
        self.size += -self.size % itemsize
        self.offsets[path] = FieldOffset(self.size, dtype, count)
        self.size += count * itemsize


def _only_type(value: Any) -> str:
    """Return the type that all fields of a message have; empty if they differ."""
    kinds = {getattr(kind, 'typename', '') for kind in getattr(value, 'SLOT_TYPES', ())}
    return kinds.pop() if len(kinds) == 1 else ''
