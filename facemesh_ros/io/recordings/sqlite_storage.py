"""sqlite3 files of rosbag2, also those whose recorder was killed."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path

from facemesh_ros.errors import in_one_line
from facemesh_ros.io.recordings.offered_quality import OFFERED
from facemesh_ros.io.recordings.storage import DamageError, RecordedMessage, RecordedTopic

_MAGIC = b'SQLite format 3\0'
# Where the header says how large a page is, and how many there are (big endian).
_PAGE_BYTES, _PAGES = slice(16, 18), slice(28, 32)
_TOPICS = (
    'SELECT name, type, serialization_format, (SELECT COUNT(*) FROM messages'
    ' WHERE topic_id = topics.id) FROM topics'
)
_DEFINITIONS = 'SELECT topic_type, encoding, encoded_message_definition FROM message_definitions'


# Of a damaged file: text that is none, and lengths beyond any memory.
_ERRORS = (sqlite3.Error, UnicodeDecodeError, MemoryError, OverflowError)


class SqliteStorage:
    """A sqlite3 file; see `Storage`."""

    def __init__(self, path: Path) -> None:
        """Open a file; raises DamageError if nothing of it can be read."""
        self._missing_bytes = _missing_bytes(path)
        # Also what a killed recorder left in a write-ahead log beside the file.
        self._connection = sqlite3.connect(f'{path.absolute().as_uri()}?mode=ro', uri=True)
        try:
            if self._missing_bytes:
                # Else sqlite refuses a file that is shorter than its header says. It is read only.
                self._connection.execute('PRAGMA writable_schema = ON')
            definitions = self._definitions()
            rows = self._connection.execute(self._topics_query()).fetchall()
            qualities = self._qualities()
            for row in rows:
                _require_types(row, (str, str, str, int))
        except _ERRORS as error:
            self.close()
            raise DamageError(f'is no readable rosbag2 file: {in_one_line(error)}') from error
        self.topics = {
            name: RecordedTopic(
                name,
                kind,
                encoding,
                count,
                *definitions.get(kind, ('', b'')),
                metadata=qualities.get(name, {}),
            )
            for name, kind, encoding, count in rows
        }
        self.span_ns = self._span_ns()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _topics_query(self) -> str:
        """Return what lists the topics: counting messages would stop where a file is damaged."""
        if self._missing_bytes:
            return 'SELECT name, type, serialization_format, 0 FROM topics'
        return _TOPICS

    def _definitions(self) -> dict[str, tuple[str, bytes]]:
        """Return encoding and text of each type's definition, where the release records them."""
        tables = self._connection.execute('SELECT name FROM sqlite_master').fetchall()
        if ('message_definitions',) not in tables:
            return {}
        rows = self._connection.execute(_DEFINITIONS).fetchall()
        for row in rows:
            _require_types(row, (str, str, str))
        return {kind: (encoding, text.encode()) for kind, encoding, text in rows}

    def _qualities(self) -> dict[str, dict[str, str]]:
        """Return the quality of service of each topic, where the release records it."""
        columns = self._connection.execute('PRAGMA table_info(topics)').fetchall()
        if OFFERED not in (column[1] for column in columns):
            return {}
        rows = self._connection.execute(f'SELECT name, {OFFERED} FROM topics').fetchall()
        return {name: {OFFERED: text} for name, text in rows if text and isinstance(text, str)}

    def _span_ns(self) -> int:
        try:
            query = 'SELECT MIN(timestamp), MAX(timestamp) FROM messages'
            first, last = span = self._connection.execute(query).fetchone()
            _require_types(span, (int, int))
        except (*_ERRORS, DamageError):  # what is wrong is said when the messages are read
            return 0
        return int(last - first)

    def messages(self, names: Collection[str]) -> Iterator[RecordedMessage]:
        """See `Storage.messages`; of a damaged file in the order in which they were written."""
        order = 'messages.id' if self._missing_bytes else 'timestamp, messages.id'
        query = (
            'SELECT name, timestamp, data FROM messages JOIN topics ON topic_id = topics.id'
            f' WHERE name IN ({", ".join("?" * len(names))}) ORDER BY {order}'
        )
        try:
            for name, log_ns, cdr in self._connection.execute(query, tuple(names)):
                _require_types((log_ns, cdr), (int, bytes))
                yield RecordedMessage(name, log_ns, log_ns, cdr)
        except _ERRORS as error:
            text = self._damage() or f'is damaged: {in_one_line(error)}'
            raise DamageError(text) from error
        if self._missing_bytes:
            raise DamageError(self._damage())

    def _damage(self) -> str:
        missing = self._missing_bytes
        return f'is cut short, its last {missing} bytes are missing' if missing else ''


def _require_types(row: tuple[object, ...], types: tuple[type, ...]) -> None:
    """Require the types of a row's columns, which sqlite does not; raises DamageError."""
    if not all(map(isinstance, row, types)):
        found = ', '.join(type(value).__name__ for value in row)
        raise DamageError(f'is damaged: it has a row of {found}')


def _missing_bytes(path: Path) -> int:
    """Return how many bytes a file lacks by its own header; raises DamageError if it has none."""
    with path.open('rb') as file:
        header = file.read(100)
    if not header.startswith(_MAGIC) or len(header) < 100:
        raise DamageError('is no sqlite3 file')
    page_bytes = int.from_bytes(header[_PAGE_BYTES], 'big')
    page_bytes = 65536 if page_bytes == 1 else page_bytes
    said = page_bytes * int.from_bytes(header[_PAGES], 'big')
    return max(0, said - path.stat().st_size)
