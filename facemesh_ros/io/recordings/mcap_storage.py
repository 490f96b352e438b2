"""MCAP files, also those without an index because their recorder was killed."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from facemesh_ros.errors import in_one_line
from facemesh_ros.io.recordings.storage import (
    DamageError,
    RecordedMessage,
    RecordedTopic,
    required,
)

_NOT_MCAP = 'is no MCAP file'


class McapStorage:
    """An MCAP file; see `Storage`."""

    def __init__(self, path: Path) -> None:
        """Open a file; raises DamageError if nothing of it can be read."""
        self._reader = required('mcap.reader')
        self._stream_reader = required('mcap.stream_reader')
        self._records, errors = required('mcap.records'), required('mcap.exceptions')
        self._cut_short = (errors.EndOfFile, struct.error)
        # Of the decompressors too: zstandard's error is an Exception, lz4's a RuntimeError. Where
        # numbers are damaged: offsets and lengths that no file and no memory has, unknown ids.
        self._errors = (
            *(errors.McapError, required('zstandard').ZstdError, struct.error, ValueError),
            *(RuntimeError, LookupError, ArithmeticError, MemoryError, AssertionError),
        )
        self._path = path
        self.topics: dict[str, RecordedTopic] = {}
        self.span_ns = 0
        self._is_indexed = self._read_index()
        if not self._is_indexed:
            self._scan()

    def close(self) -> None:
        """See `Storage.close`; each reading has opened the file for itself."""

    def _read_index(self) -> bool:
        """Learn the topics from the summary; return whether there is one to read by."""
        with self._path.open('rb') as file, suppress(*self._errors):
            summary = self._reader.make_reader(file).get_summary()
            if summary is None or not (summary.chunk_indexes and summary.statistics):
                return False
            counts = summary.statistics.channel_message_counts
            for channel in summary.channels.values():
                schema = summary.schemas.get(channel.schema_id)
                self._add(channel, schema, counts.get(channel.id, 0))
            self.span_ns = (
                summary.statistics.message_end_time - summary.statistics.message_start_time
            )
            return bool(self.topics)
        return False

    def _add(self, channel: Any, schema: Any, count: int) -> None:
        before = self.topics.get(channel.topic)
        self.topics[channel.topic] = RecordedTopic(
            name=channel.topic,
            type_name=schema.name if schema else '',
            encoding=channel.message_encoding,
            count=count + (before.count if before else 0),
            definition_encoding=schema.encoding if schema else '',
            definition=schema.data if schema else b'',
            metadata=channel.metadata,
        )

    def _scan(self) -> None:
        """Learn the topics from the records themselves, as far as they can be read."""
        counts: Counter[int] = Counter()
        first_ns, last_ns = 2**63, 0
        channels: dict[int, tuple[Any, Any]] = {}
        try:
            for schema, channel, message in self._records_in_order():
                channels[channel.id] = channel, schema
                counts[channel.id] += 1
                first_ns = min(first_ns, message.log_time)
                last_ns = max(last_ns, message.log_time)
        except DamageError as error:
            if str(error) == _NOT_MCAP:
                raise
        for number, (channel, schema) in channels.items():
            self._add(channel, schema, counts[number])
        self.span_ns = max(0, last_ns - first_ns)

    def _records_in_order(self) -> Iterator[tuple[Any, Any, Any]]:
        """Yield schema, channel and message of all messages, from the file's beginning on."""
        records, schemas, channels = self._records, dict[int, Any](), dict[int, Any]()
        has_begun = False
        try:
            for record in self._all_records():
                has_begun = True
                if isinstance(record, records.Schema):
                    schemas[record.id] = record
                elif isinstance(record, records.Channel):
                    channels[record.id] = record
                elif isinstance(record, records.Message) and record.channel_id in channels:
                    channel = channels[record.channel_id]
                    yield schemas.get(channel.schema_id), channel, record
        except (*self._errors, OSError) as error:  # OSError: a place that no file has
            raise self._damage_error(error, has_begun) from error

    def _all_records(self) -> Iterator[Any]:
        with self._path.open('rb') as file:
            yield from self._stream_reader.StreamReader(file, validate_crcs=True).records

    def _damage_error(self, error: Exception, has_begun: bool) -> DamageError:
        if not has_begun:
            return DamageError(_NOT_MCAP)
        if isinstance(error, self._cut_short):
            return DamageError('is cut short: it has no end and no index')
        return DamageError(f'is damaged: {in_one_line(error)}')

    def messages(self, names: Collection[str]) -> Iterator[RecordedMessage]:
        """See `Storage.messages`."""
        found = self._indexed(names) if self._is_indexed else self._records_in_order()
        for _, channel, message in found:
            if channel.topic in names:
                yield RecordedMessage(
                    channel.topic, message.log_time, message.publish_time, message.data
                )

    def _indexed(self, names: Collection[str]) -> Iterator[tuple[Any, Any, Any]]:
        try:
            with self._path.open('rb') as file:
                reader = self._reader.make_reader(file, validate_crcs=True)
                yield from reader.iter_messages(topics=list(names))
        except (*self._errors, OSError) as error:
            raise self._damage_error(error, True) from error
