"""Message classes without ROS, and their serialisation, by the package rosbags."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from facemesh_ros.io.recordings.foxglove_definitions import FOXGLOVE_DEFINITIONS
from facemesh_ros.io.recordings.storage import required
from facemesh_ros.messages.annotations import ANNOTATION_TYPES
from facemesh_ros.messages.message_classes import MESSAGE_TYPES, MessageClasses

PACKAGE = 'facemesh_ros'
# Serialised messages with their lengths and classes are the same in all later releases.
_RELEASE = 'ROS2_JAZZY'
# What definitions say and rosbags does not keep.
_DEFAULTS: dict[str, dict[str, Any]] = {'geometry_msgs/msg/Quaternion': {'w': 1.0}}
_TF_MESSAGE = 'tf2_msgs/msg/TFMessage'
_TF_DEFINITION = 'geometry_msgs/TransformStamped[] transforms'


@cache
def message_store() -> MessageStore:
    """Return the one store; raises MediaError if rosbags is not installed."""
    return MessageStore()


class MessageStore:
    """Messages as objects and as bytes.

    Attributes:
        classes: Those that faces are built of, with defaults for all fields.
        annotation_classes: Those of Foxglove's annotations.
    """

    def __init__(self) -> None:
        self._typesys = typesys = required('rosbags.typesys')
        self._nodes = required('rosbags.interfaces').Nodetype
        self._store = typesys.get_typestore(typesys.Stores[_RELEASE])
        for name, text in _own_definitions().items():
            if name not in self._store.fielddefs:
                self._store.register(typesys.get_types_from_msg(text, name))
        self._made: dict[str, type] = {}
        self.classes = MessageClasses(self._class_of)
        self.annotation_classes = MessageClasses(self._class_of, ANNOTATION_TYPES)

    def serialised(self, msg: Any, type_name: str) -> bytes:
        """Return a message in plain CDR."""
        return bytes(self._store.serialize_cdr(msg, type_name))

    def deserialised(self, cdr: bytes, type_name: str) -> Any:
        """Return the message of some bytes; raises an Exception of any kind if it is none."""
        return self._store.deserialize_cdr(cdr, type_name)

    def definition(self, type_name: str) -> str:
        """Return the definition of a type with those of its parts; empty if it is not known."""
        if type_name not in self._store.fielddefs:
            return ''
        text: str = self._store.generate_msgdef(type_name, ros_version=2)[0]
        return text

    def fields_of(self, type_name: str) -> dict[str, Any]:
        """Return the fields of a type of this package by name, as `parsed` describes them."""
        return dict(self._store.fielddefs[type_name][1])

    def default_of(self, type_name: str, field: str) -> Callable[[], Any]:
        """Return what makes a field's default."""
        return self._maker(self.fields_of(type_name)[field])[0]

    def parsed(self, definition: str, type_name: str) -> dict[str, dict[str, Any]]:
        """Return the fields of a type and its parts; raises an Exception of any kind."""
        types = self._typesys.get_types_from_msg(definition, type_name)
        return {name: dict(fields) for name, (_, fields) in types.items()}

    def reader_with(self, types: dict[str, dict[str, Any]]) -> Callable[[bytes, str], Any]:
        """Return `deserialised` for other definitions of some types, as `parsed` gives them."""
        store = self._typesys.get_typestore(self._typesys.Stores[_RELEASE])
        store.register({name: ([], list(fields.items())) for name, fields in types.items()})
        deserialise: Callable[[bytes, str], Any] = store.deserialize_cdr
        return deserialise

    def _class_of(self, name: str) -> type:
        """Return a class that takes fields by name and has defaults for the others."""
        if name in self._made:
            return self._made[name]
        _, fields = self._store.fielddefs[name]
        makers = [(field, *self._maker(description)) for field, description in fields]
        said = _DEFAULTS.get(name, {})

        def init(self: Any, **given: Any) -> None:
            for field, default, converted in makers:
                given_value = given.pop(field, said.get(field))
                value = default() if given_value is None else converted(given_value)
                setattr(self, field, value)
            if given:
                raise TypeError(f'{name} has no field {min(given)}')

        made = type(name.rpartition('/')[2], (self._store.types[name],), {'__init__': init})
        self._made[name] = made
        return made

    def _maker(self, description: Any) -> tuple[Callable[[], Any], Callable[[Any], Any]]:
        """Return what makes a field's default, and what converts a value that it is given."""
        kind, of = description
        if kind == self._nodes.NAME:
            return self._class_of(of), _unchanged
        if kind == self._nodes.BASE:
            return {'string': str, 'bool': bool}.get(of[0], _number_of(of[0])), _unchanged
        (element_kind, element), length = of
        is_list = element_kind == self._nodes.NAME or element[0] == 'string'
        if is_list:
            if length and kind == self._nodes.ARRAY and element_kind == self._nodes.NAME:
                make = self._class_of(element)
                return lambda: [make() for _ in range(length)], list
            return list, list
        dtype = np.dtype('uint8' if element[0] in ('byte', 'char', 'octet') else element[0])
        count = length if kind == self._nodes.ARRAY else 0
        return lambda: np.zeros(count, dtype), lambda value: np.asarray(value, dtype)


def _number_of(type_name: str) -> type:
    return float if type_name.startswith('float') else int


def _unchanged(value: Any) -> Any:
    return value


def _own_definitions() -> dict[str, str]:
    """Return the definitions of types that are not in a base installation of ROS, by name."""
    folder = files(PACKAGE) / 'messages' / 'definitions'
    if not folder.is_dir():  # in the checkout
        folder = Path(__file__).parents[3] / 'msg'
    own = [name for name in MESSAGE_TYPES if name.startswith(f'{PACKAGE}/')]
    texts = {name: (folder / f'{name.rpartition("/")[2]}.msg').read_text() for name in own}
    return {**texts, **FOXGLOVE_DEFINITIONS, _TF_MESSAGE: _TF_DEFINITION}
