"""The model store: a folder of TFLite originals, their ONNX conversions, and a manifest of hashes.

The node only loads from it; `facemesh models fetch` and `add` fill it.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path

from facemesh_ros.catalog.model_entry import ModelEntry, Variant
from facemesh_ros.catalog.models import CONVERTER_VERSION, entry_of, model_of
from facemesh_ros.errors import (
    DamagedModelError,
    MissingModelError,
    OutdatedModelError,
    SourceError,
)
from facemesh_ros.models.convert import load_converter
from facemesh_ros.models.files import locked, remove_partial_files, sha256_of, write_atomically

FOLDER_VARIABLE = 'FACEMESH_MODEL_DIR'
_REMEDY = 'run `facemesh models fetch`, or `facemesh models add FILE` without a network'


class State(Enum):
    """Whether a model can be loaded, and if not, why."""

    READY = 'ready'
    MISSING = 'missing'
    OUTDATED = 'outdated'
    DAMAGED = 'damaged'


@dataclass(frozen=True, slots=True)
class Record:
    """What the manifest says of one converted model.

    Attributes:
        tflite_sha256: Of the original.
        source: Where the original came from, for people.
        converter_version: Which converter made the files.
        files: SHA-256 of each ONNX file by its name.
        time: When, ISO 8601 in UTC.
    """

    tflite_sha256: str
    source: str
    converter_version: str
    files: Mapping[str, str]
    time: str


def default_folder() -> Path:
    """Return $FACEMESH_MODEL_DIR, else facemesh_ros/models in the user's data folder.

    Raises:
        MissingModelError: If there is no home folder to find it in.
    """
    chosen = os.environ.get(FOLDER_VARIABLE)
    if chosen:
        return _expanded(chosen)
    shared = os.environ.get('XDG_DATA_HOME') or '~/.local/share'
    return _expanded(shared) / 'facemesh_ros' / 'models'


def _expanded(folder: str | os.PathLike[str]) -> Path:
    try:
        return Path(folder).expanduser()
    except RuntimeError as error:
        raise MissingModelError(
            f'{folder} means a home folder that does not exist; name a folder for the models '
            f'with ${FOLDER_VARIABLE}'
        ) from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b''  # has no model's hash, so it counts as damaged


class ModelStore:
    """Model files in one folder.

    Attributes:
        folder: It need not exist yet.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        """Open a folder; None or an empty path means `default_folder`."""
        self.folder = _expanded(folder) if folder else default_folder()

    def load(self, name: str, variant: Variant) -> bytes:
        """Return a converted model.

        Args:
            name: A name of the catalog.
            variant: Which hardware it is for.

        Returns:
            The ONNX file; its metadata holds `name`, `kind`, `input_size`, `source_sha256`,
            `converter_version`, `variant` and `precision`.

        Raises:
            MissingModelError: If there is no such model, or it has not been fetched.
            OutdatedModelError: If it was converted by another version of this package.
            DamagedModelError: If the file is not what the manifest says.
        """
        entry = entry_of(name)
        with locked(self._lock, exclusive=False):
            record = self.records().get(name)
            if record is None:
                raise MissingModelError(f'model {name!r} is not in {self.folder}; {_REMEDY}')
            if record.converter_version != CONVERTER_VERSION:
                raise OutdatedModelError(
                    f'model {name!r} in {self.folder} was converted by another version of '
                    'facemesh_ros; run `facemesh models fetch` to convert it anew (no network '
                    'is needed)'
                )
            path = self.folder / entry.file_name(variant)
            content = _read(path)
        if sha256_of(content) != record.files.get(path.name):
            raise DamagedModelError(f'{path} is not what the manifest says; {_REMEDY}')
        return content

    def records(self) -> dict[str, Record]:
        """Return the manifest's records by model name; none if it is absent or unreadable.

        Models of an unreadable manifest count as missing, and are converted from the originals.
        """
        try:
            entries = json.loads(self._manifest.read_text('utf-8'))['models']
            return {name: Record(**entry) for name, entry in entries.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def state(self, entry: ModelEntry) -> State:
        """Return whether all files of a model can be loaded."""
        try:
            for variant in entry.variants:
                self.load(entry.name, variant)
        except OutdatedModelError:
            return State.OUTDATED
        except MissingModelError:
            return State.MISSING
        except DamagedModelError:
            return State.DAMAGED
        return State.READY

    def original(self, entry: ModelEntry) -> bytes | None:
        """Return the stored TFLite file of a model; None if it is missing or not a pinned one."""
        content = _read(self._original_path(entry))
        found = model_of(sha256_of(content))
        return content if found and found[0] is entry else None

    def install(self, content: bytes, source: str) -> ModelEntry:
        """Convert a pinned TFLite file and keep both; the manifest is written last.

        If it is interrupted at any point, the next call completes or repeats it.

        Args:
            content: The TFLite file.
            source: Where it came from, for people.

        Returns:
            The model that the file is.

        Raises:
            SourceError: If it is none of the pinned files, or the folder cannot be written.
            ConversionError: If it cannot be converted.
        """
        found = model_of(sha256_of(content))
        if found is None:
            raise SourceError(f'{source}: not a model file that this version knows')
        entry, member = found
        converted: dict[str, bytes] = load_converter().onnx_files(content, entry)
        record = Record(
            tflite_sha256=member.sha256,
            source=source,
            converter_version=CONVERTER_VERSION,
            files={name: sha256_of(onnx) for name, onnx in converted.items()},
            time=datetime.now(timezone.utc).isoformat(timespec='seconds'),
        )
        try:
            self._write(entry, content, converted, record)
        except OSError as error:
            raise self._not_writable(error) from error
        return entry

    def require_writable(self) -> None:
        """Raise SourceError if nothing can be written to the folder, or where it would be made."""
        places = (self.folder, *self.folder.absolute().parents)
        try:
            with tempfile.TemporaryFile(dir=next(place for place in places if place.exists())):
                pass
        except OSError as error:
            raise self._not_writable(error) from error

    def _not_writable(self, error: OSError) -> SourceError:
        return SourceError(
            f'cannot write to {self.folder}: {error.strerror}; choose another folder with '
            f'--dir or ${FOLDER_VARIABLE}'
        )

    def convert_kept(self, entry: ModelEntry) -> bool:
        """Convert a model again from its stored original; False if there is none."""
        content = self.original(entry)
        if content is None:
            return False
        record = self.records().get(entry.name)
        self.install(content, record.source if record else f'kept {entry.name}.tflite')
        return True

    def is_new_notice(self, text: str) -> bool:
        """Return whether a text differs from the one of the last call on this folder."""
        last = self.folder / '.last_notice'
        if _read(last) == text.encode():
            return False
        with contextlib.suppress(OSError):  # a folder that cannot be written: printed every time
            write_atomically(last, text.encode())
        return True

    def _write(
        self, entry: ModelEntry, content: bytes, converted: dict[str, bytes], record: Record
    ) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self._lock, exclusive=True):
            original = self._original_path(entry)
            for folder in (self.folder, original.parent):
                remove_partial_files(folder)
            write_atomically(original, content)
            for name, onnx in converted.items():
                write_atomically(self.folder / name, onnx)
            records = self.records()
            before = records.get(entry.name, record)
            self._write_manifest({**records, entry.name: record})
            for name in before.files.keys() - converted.keys():  # of an older converter
                (self.folder / name).unlink(missing_ok=True)

    def _write_manifest(self, records: Mapping[str, Record]) -> None:
        entries = {name: asdict(record) for name, record in sorted(records.items())}
        text = json.dumps({'models': entries}, indent=2) + '\n'
        write_atomically(self._manifest, text.encode())

    def _original_path(self, entry: ModelEntry) -> Path:
        return self.folder / 'tflite' / f'{entry.name}.tflite'

    @property
    def _lock(self) -> Path:
        return self.folder / '.lock'

    @property
    def _manifest(self) -> Path:
        return self.folder / 'manifest.json'
