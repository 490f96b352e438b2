"""A recording of rosbag2: one file, or a folder of files that follow each other."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from facemesh_ros.io.errors import UnreadableError, readable_name
from facemesh_ros.io.numbered_frames import in_natural_order
from facemesh_ros.io.recordings.mcap_storage import McapStorage
from facemesh_ros.io.recordings.packed_file import ZSTD_SUFFIX, unpack
from facemesh_ros.io.recordings.sqlite_storage import SqliteStorage
from facemesh_ros.io.recordings.storage import (
    DamageError,
    RecordedMessage,
    RecordedTopic,
    Storage,
    required,
)

_STORAGES: dict[str, Callable[[Path], Storage]] = {'.mcap': McapStorage, '.db3': SqliteStorage}
RECORDING_SUFFIXES = (*_STORAGES, *(suffix + ZSTD_SUFFIX for suffix in _STORAGES))
METADATA_NAME = 'metadata.yaml'
# The largest image that `MAX_SIDE_PX` allows has more, but no camera makes it.
MOST_MESSAGE_BYTES = 2**29
# A frame of zstd; plain CDR begins with a zero.
_ZSTD_MAGIC = b'\x28\xb5\x2f\xfd'


def is_recording_file(path: Path) -> bool:
    """Return whether a file is a recording, or a part of one, by its name."""
    return path.name.lower().endswith(RECORDING_SUFFIXES)


def is_recording_folder(folder: Path) -> bool:
    """Return whether a folder is one recording.

    It is if it has a metadata.yaml; or, where the recorder was killed before it wrote that, if
    its files are named after it.
    """
    if not folder.is_dir():
        return False
    files = _files_of(folder)
    ours = re.compile(re.escape(folder.name) + r'_\d+\.')
    return bool(files) and (
        (folder / METADATA_NAME).is_file() or all(ours.match(file.name) for file in files)
    )


def _files_of(folder: Path) -> list[Path]:
    try:
        return in_natural_order([file for file in folder.iterdir() if is_recording_file(file)])
    except OSError as error:
        name = readable_name(folder)
        raise UnreadableError(f'{name} cannot be read: {error.strerror}') from error


class Recording:
    """An open recording; a context manager.

    Attributes:
        path: Of its file or folder, as the user gave it.
        topics: By name.
        span_ns: Between its first and its last message; 0 if it is not known.
    """

    def __init__(self, path: Path) -> None:
        """Open the files.

        Raises:
            UnreadableError: If the first of them cannot be opened at all.
            MediaError: If a Python package is missing.
        """
        self.path = path
        self.topics: dict[str, RecordedTopic] = {}
        self.span_ns = 0
        self._opened, self._storages = ExitStack(), list[tuple[Path, Storage]]()
        self._damage: UnreadableError | None = None
        try:
            for file in _files_of(path) if path.is_dir() else [path]:
                self._add(file)
        except BaseException:
            self._opened.close()
            raise
        if self._damage and not self._storages:
            self._opened.close()
            raise self._damage

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def _add(self, file: Path) -> None:
        try:
            storage = self._storage_of(file)
        except (DamageError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            self._damage = self._damage or self._error(file, str(reason))
            return
        self._opened.callback(storage.close)
        self._storages.append((file, storage))
        self.span_ns += storage.span_ns
        for name, topic in storage.topics.items():
            before = self.topics.get(name)
            count = topic.count + (before.count if before else 0)
            self.topics[name] = replace(topic, count=count)

    def _storage_of(self, file: Path) -> Storage:
        name = file.name.lower()
        if not name.endswith(ZSTD_SUFFIX):
            return _STORAGES[file.suffix.lower()](file)
        folder = Path(self._opened.enter_context(tempfile.TemporaryDirectory(prefix='facemesh_')))
        unpacked = unpack(file, folder)
        return _STORAGES[unpacked.suffix.lower()](unpacked)

    def messages(self, names: Collection[str]) -> Iterator[RecordedMessage]:
        """Yield the messages of some topics in the order in which they were recorded.

        Raises:
            UnreadableError: After all that can be read, if that is not all.
        """
        damage = self._damage
        for file, storage in self._storages:
            try:
                for message in storage.messages([it for it in storage.topics if it in names]):
                    yield self._unpacked(message)
            except DamageError as error:
                damage = damage or self._error(file, str(error))
        if damage:
            raise damage

    def _unpacked(self, message: RecordedMessage) -> RecordedMessage:
        """Return a message as it was before rosbag2's compression mode `message`."""
        if not message.cdr.startswith(_ZSTD_MAGIC):
            return message
        zstandard = required('zstandard')
        try:
            # A few bytes can claim terabytes.
            with zstandard.ZstdDecompressor().stream_reader(message.cdr) as reader:
                cdr = reader.read(MOST_MESSAGE_BYTES + 1)
        except zstandard.ZstdError as error:
            raise DamageError(f'has a message that is no readable zstd: {error}') from error
        if len(cdr) > MOST_MESSAGE_BYTES:
            raise DamageError(
                f'has a message of more than {MOST_MESSAGE_BYTES / 2**20:.0f} MiB, packed in '
                f'{len(message.cdr)} bytes'
            )
        return message._replace(cdr=cdr)

    def _error(self, file: Path, reason: str) -> UnreadableError:
        return UnreadableError(f'{readable_name(file)} {reason}')
