"""Serialised messages whose numbers are replaced in place.

To rclpy a message of a thousand points is a thousand objects. But the messages of a stream differ
in their numbers only: so one is serialised, and the next ones' numbers are written where they lie
in its bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from rclpy.serialization import serialize_message
from rosidl_parser.definition import AbstractSequence, AbstractString, Array, BasicType

Kind = TypeVar('Kind')

# What plain CDR of this machine's byte order begins with; offsets count from behind it.
MARK = bytes([0, sys.byteorder == 'little'])
MARK_BYTES = 4
DTYPES = {
    'boolean': np.bool_, 'octet': np.uint8, 'char': np.uint8, 'float': np.float32,
    'double': np.float64, 'int8': np.int8, 'uint8': np.uint8, 'int16': np.int16,
    'uint16': np.uint16, 'int32': np.int32, 'uint32': np.uint32, 'int64': np.int64,
    'uint64': np.uint64,
}  # fmt: skip


class LayoutError(Exception):
    """The middleware lays a message out in a way that is not known here."""


@dataclass(frozen=True, slots=True)
class FieldOffset:
    """Where numbers of one type lie in a message."""

    offset: int
    dtype: type[np.generic]
    count: int


class CdrTemplate:
    """A serialised message."""

    def __init__(self, msg: Any) -> None:
        """Serialise a message; raises LayoutError if that does not give plain CDR."""
        content = serialize_message(msg)
        layout = _Layout(msg)
        if not content.startswith(MARK) or len(content) != MARK_BYTES + layout.size:
            raise LayoutError(f'{type(msg).__name__} is not serialised as plain CDR')
        self._content, self._places = bytearray(content), layout.places

    def view(self, path: str) -> np.ndarray:
        """Return what lies at a path, such as `faces[0].landmarks`, to be overwritten.

        Messages that hold numbers of one type only, as points and colours do, count as these
        numbers, and a string as its letters.
        """
        place = self._places[path]
        return np.frombuffer(self._content, place.dtype, place.count, MARK_BYTES + place.offset)

    def content(self) -> bytes:
        """Return the message as it is now, ready to be published."""
        return bytes(self._content)


class CdrTemplates(Generic[Kind]):
    """The templates that were used last, by what they differ in."""

    def __init__(self, most: int = 8) -> None:
        """Keep so many at most."""
        self._kept: dict[Hashable, Kind] = {}
        self._most = most
        self._work = True

    def get(self, key: Hashable, make: Callable[[], Kind]) -> Kind | None:
        """Return the template of a key, made if it is new; None if the layout is not known."""
        if not self._work:
            return None
        try:
            template = self._kept.pop(key, None) or make()
        except LayoutError:
            self._work = False
            return None
        self._kept[key] = template
        if len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]
        return template


class _Layout:
    """Where everything in a message lies.

    Source: OMG DDS-XTypes, plain CDR version 1: each number at a multiple of its size, strings
    and sequences behind their length.

    Attributes:
        places: By path.
        size: Of the whole message in bytes.
    """

    def __init__(self, msg: Any) -> None:
        self.places: dict[str, FieldOffset] = {}
        self.size = 0
        self._add_message(msg, '')

    def _add_message(self, msg: Any, path: str) -> None:
        for name, kind in zip(msg.get_fields_and_field_types(), msg.SLOT_TYPES, strict=True):
            self._add(getattr(msg, name), kind, f'{path}.{name}' if path else name)

    def _add(self, value: Any, kind: Any, path: str) -> None:
        if isinstance(kind, AbstractString):
            self._add_length()
            self._add_numbers('char', len(value.encode()), path)
            self.size += 1  # the zero behind it
        elif isinstance(kind, AbstractSequence):
            self._add_length()
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

    def _add_length(self) -> None:
        self._add_numbers('uint32', 1, '')

    def _add_numbers(self, typename: str, count: int, path: str) -> None:
        dtype = DTYPES[typename]
        itemsize = np.dtype(dtype).itemsize
        self.size += -self.size % itemsize
        self.places[path] = FieldOffset(self.size, dtype, count)
        self.size += count * itemsize


def _only_type(value: Any) -> str:
    """Return the type that all fields of a message have; empty if there is none such."""
    kinds = {getattr(kind, 'typename', '') for kind in getattr(value, 'SLOT_TYPES', ())}
    return kinds.pop() if len(kinds) == 1 else ''
