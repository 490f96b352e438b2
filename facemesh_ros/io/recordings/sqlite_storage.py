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
_TABLES = ('topics', 'messages', 'message_definitions')
_TOPICS = 'SELECT id, name, type, serialization_format FROM topics'
_COUNTS = 'SELECT topic_id, COUNT(*) FROM messages GROUP BY topic_id'
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
            self._require_stored()
            self.topics, self._names = self._read_topics()
        except _ERRORS as error:
            self.close()
            raise DamageError(f'is no readable rosbag2 file: {in_one_line(error)}') from error
        except DamageError:
            self.close()
            raise
        self.span_ns = self._span_ns()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _require_stored(self) -> None:
        """Require that all is stored: what is calculated by a view need not end."""
        schema = 'SELECT lower(name), type, rootpage FROM sqlite_master'
        for name, kind, page in self._connection.execute(schema):
            if name not in _TABLES:
                continue
            columns = self._connection.execute(f'PRAGMA table_xinfo({name})')
            if kind != 'table' or not page or any(column[6] for column in columns):
                raise DamageError(
                    f'calculates its {name} instead of storing them, as no recorder does: record '
                    'it again'
                )

    def _read_topics(self) -> tuple[dict[str, RecordedTopic], dict[int, str]]:
        """Return the topics by name, and their names by id."""
        rows = self._connection.execute(_TOPICS).fetchall()
        for row in rows:
            _require_types(row, (int, str, str, str))
        # Counting would stop where a file is damaged.
        counts = {} if self._missing_bytes else dict(self._connection.execute(_COUNTS))
        definitions, qualities = self._definitions(), self._qualities()
        topics = {
            name: RecordedTopic(
                name,
                kind,
                encoding,
                counts.get(number, 0),
                *definitions.get(kind, ('', b'')),
                metadata=qualities.get(name, {}),
            )
            for number, name, kind, encoding in rows
        }
        return topics, {number: name for number, name, *_ in rows}

    def _definitions(self) -> dict[str, tuple[str, bytes]]:
        """Return encoding and text of each type's definition, where the release records them."""
        tables = self._connection.execute('SELECT lower(name) FROM sqlite_master').fetchall()
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
        order = 'id' if self._missing_bytes else 'timestamp, id'
        numbers = [number for number, name in self._names.items() if name in names]
        query = (
            'SELECT topic_id, timestamp, data FROM messages'
            f' WHERE topic_id IN ({", ".join("?" * len(numbers))}) ORDER BY {order}'
        )
        try:
            for number, log_ns, cdr in self._connection.execute(query, numbers):
                _require_types((log_ns, cdr), (int, bytes))
                yield RecordedMessage(self._names[number], log_ns, log_ns, cdr)
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
