"""Messages of this package as a recording defines them, also those of its older versions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from facemesh_ros.io.errors import UnreadableError, readable_name
from facemesh_ros.io.recordings.message_store import PACKAGE, MessageStore
from facemesh_ros.io.recordings.recording import Recording
from facemesh_ros.io.recordings.storage import RecordedTopic

_MSG_DEFINITION = 'ros2msg'
_OURS = f'{PACKAGE}/'
# Without these there are no faces. Others were added in the course of time.
_REQUIRED = {
    f'{PACKAGE}/msg/FaceMeshArray': {'header', 'image_width', 'image_height', 'faces'},
    f'{PACKAGE}/msg/FaceMesh': {'id', 'state', 'landmark_count', 'landmarks'},
    f'{PACKAGE}/msg/FaceMeshInfo': {'model'},
}

Deserialise = Callable[[bytes], Any]
Fields = dict[str, Any]
Makers = dict[str, Callable[[], Any]]


def reader_of(recording: Recording, topic: RecordedTopic, store: MessageStore) -> Deserialise:
    """Return what makes messages of a topic's bytes, with all fields of today's definition.

    A field that the recording's definition lacks is unknown: NaN, 0 for integers, or empty. What
    it returns raises an Exception of any kind for bytes that are no such message.

    Raises:
        UnreadableError: If the definition is another one than that of this package.
    """
    try:
        recorded = _definitions(topic, store)
        lacking = _lacking(recorded, store)
    except _OtherDefinitionError as error:
        raise UnreadableError(
            f'{readable_name(recording.path)}: {readable_name(topic.name)} was recorded with '
            f'another definition of {topic.type_name}: {error}; run `facemesh run --bag` over the '
            'recording to get its faces as this version writes them'
        ) from error
    if not recorded or all(recorded[name] == store.fields_of(name) for name in recorded):
        return lambda cdr: store.deserialised(cdr, topic.type_name)
    read = store.reader_with(recorded)

    def deserialise(cdr: bytes) -> Any:
        msg = read(cdr, topic.type_name)
        for part in (msg, *getattr(msg, 'faces', ())):
            for field, make in lacking.get(part.__msgtype__, {}).items():
                setattr(part, field, make())
        return msg

    return deserialise


class _OtherDefinitionError(Exception):
    """What a recorded definition has that the types of this package have not."""


def _definitions(topic: RecordedTopic, store: MessageStore) -> dict[str, Fields]:
    """Return the fields of our types as they were recorded; none where no definition was."""
    if topic.definition_encoding != _MSG_DEFINITION or not topic.definition:
        return {}
    try:
        parsed = store.parsed(topic.definition.decode(), topic.type_name)
    except Exception as error:  # of a parser, of any kind
        raise _OtherDefinitionError(f'it cannot be read ({error})') from error
    return {name: fields for name, fields in parsed.items() if name.startswith(_OURS)}


def _lacking(recorded: dict[str, Fields], store: MessageStore) -> dict[str, Makers]:
    """Return what makes each missing field of each type; raises _OtherDefinitionError."""
    lacking: dict[str, Makers] = {}
    for name, fields in recorded.items():
        ours = store.fields_of(name)
        for field in _REQUIRED.get(name, set()) - fields.keys():
            raise _OtherDefinitionError(f'it has no {field}')
        for field in sorted(fields.keys() & ours.keys()):
            if fields[field] != ours[field]:
                raise _OtherDefinitionError(f'{field} is of another type')
        lacking[name] = {
            field: _unknown(store, name, field) for field in ours.keys() - fields.keys()
        }
    return lacking


def _unknown(store: MessageStore, name: str, field: str) -> Callable[[], Any]:
    """Return what makes the value of a field that nobody recorded."""
    make = store.default_of(name, field)
    if make is float:
        return lambda: math.nan

    def unknown() -> Any:
        value = make()
        if getattr(value, 'dtype', None) is not None and value.dtype.kind == 'f' and value.size:
            value[:] = math.nan
        return value

    return unknown
