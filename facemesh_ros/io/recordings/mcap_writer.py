"""Writes MCAP files that rosbag2, Foxglove and this package read."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from facemesh_ros.io.errors import MediaError, readable_name
from facemesh_ros.io.recordings.message_store import MessageStore
from facemesh_ros.io.recordings.storage import RecordedMessage, RecordedTopic, required
from facemesh_ros.version import version

PARTIAL = '.partial'


class McapWriter:
    """An MCAP file; until it is complete it has another name."""

    def __init__(self, path: Path, store: MessageStore, unfinished: Path | None = None) -> None:
        """Open the file; raises MediaError if it cannot be written.

        Args:
            path: Its name when it is complete.
            store: Of messages.
            unfinished: Its name until then, on the same disk; None for one beside it that has
                `.partial` in it.
        """
        self._path, self._store = path, store
        self._partial = unfinished or path.with_name(f'{path.stem}{PARTIAL}{path.suffix}')
        self._schemas: dict[tuple[str, str, bytes], int] = {}
        self._channels: dict[str, int] = {}
        self._trying(self._open)

    def _open(self) -> None:
        self._file = self._partial.open('wb')
        self._writer = required('mcap.writer').Writer(self._file)
        self._writer.start(profile='ros2', library=f'facemesh_ros {version()}')

    def add_topic(self, topic: RecordedTopic) -> None:
        """Announce a topic; one that is known already stays as it is."""
        if topic.name not in self._channels:
            self._channels[topic.name] = self._writer.register_channel(
                topic.name, topic.encoding, self._schema_of(topic), dict(topic.metadata)
            )

    def _schema_of(self, topic: RecordedTopic) -> int:
        encoding, definition = topic.definition_encoding, topic.definition
        if not definition:  # sqlite3 files have none up to Humble
            encoding, definition = self._known_definition(topic.type_name)
        key = topic.type_name, encoding, definition
        if key not in self._schemas:
            self._schemas[key] = self._writer.register_schema(*key)
        return self._schemas[key]

    def _known_definition(self, type_name: str) -> tuple[str, bytes]:
        text = self._store.definition(type_name)
        return ('ros2msg', text.encode()) if text else ('', b'')

    def add(self, message: RecordedMessage) -> None:
        """Append a message of a topic that is announced; raises MediaError if that fails."""
        self._trying(
            lambda: self._writer.add_message(
                channel_id=self._channels[message.topic],
                log_time=message.log_ns,
                publish_time=message.publish_ns,
                data=message.cdr,
            )
        )

    def add_msg(
        self, topic: str, type_name: str, msg: Any, log_ns: int, metadata: Mapping[str, str]
    ) -> None:
        """Append a message, an object or its bytes; raises MediaError if that fails.

        Its topic is announced.
        """
        cdr = msg if isinstance(msg, bytes) else self._store.serialised(msg, type_name)
        self.add_topic(RecordedTopic(topic, type_name, 'cdr', 0, metadata=metadata))
        self.add(RecordedMessage(topic, log_ns, log_ns, cdr))

    def close(self, *, is_complete: bool) -> Path:
        """Finish the file and return its path, which is that asked for only if it is complete."""
        self._trying(self._finish)
        if not is_complete:
            return self._partial
        self._trying(lambda: os.replace(self._partial, self._path))
        return self._path

    def _finish(self) -> None:
        with self._file:
            self._writer.finish()

    def _trying(self, write: Callable[[], object]) -> None:
        try:
            write()
        except OSError as error:
            name = readable_name(self._path)
            raise MediaError(f'{name} cannot be written: {error.strerror}') from error
