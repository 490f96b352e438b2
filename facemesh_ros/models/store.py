"""The folder of model files: originals, their conversions, and the manifest that vouches for them.

The node only loads from it; `facemesh models fetch` and `add` fill it.
"""

from __future__ import annotations

import contextlib
import os
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path

from facemesh_ros.catalog.model_entry import ModelEntry, Part, Variant
from facemesh_ros.catalog.models import CONVERTER_VERSION, entry_of, model_of
from facemesh_ros.errors import (
    DamagedModelError,
    MissingModelError,
    OutdatedModelError,
    SourceError,
)
from facemesh_ros.models import manifest
from facemesh_ros.models.convert.convert_model import onnx_files
from facemesh_ros.models.files import locked, remove_partial_files, sha256_of, write_atomically
from facemesh_ros.models.graph_merge import joined

FOLDER_VARIABLE = 'FACEMESH_MODEL_DIR'
_WAY_OUT = 'run `facemesh models fetch`, or `facemesh models add FILE` without a network'


class State(Enum):
    """Whether a model can be loaded."""

    READY = 'ready'
    MISSING = 'missing'
    OUTDATED = 'outdated'
    DAMAGED = 'damaged'


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
        return b''  # has the hash of no model, so it is reported as damaged


class ModelStore:
    """Model files in one folder.

    Attributes:
        folder: Where they lie; it need not exist yet.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        """Open a folder; None or an empty path means `default_folder`."""
        self.folder = _expanded(folder) if folder else default_folder()

    def load_for_images(self, name: str, variant: Variant) -> bytes:
        """Return a converted model with the parts around it, see `Part`, as one ONNX file.

        Arguments and errors are those of `load`.
        """
        around = {part: self.load(name, part) for part in entry_of(name).parts}
        before, after = (
            [around[part]] if part in around else [] for part in (Part.CROPS, Part.POINTS)
        )
        return joined([*before, self.load(name, variant), *after], main=len(before))

    def load(self, name: str, form: Variant | Part) -> bytes:
        """Return a converted model, or a part around it.

        Args:
            name: A name of the catalogue.
            form: Which hardware it is for, or which part.

        Returns:
            The ONNX file; a model's metadata holds `name`, `kind`, `input_size`, `source_sha256`,
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
                raise MissingModelError(f'model {name!r} is not in {self.folder}; {_WAY_OUT}')
            if record.converter_version != CONVERTER_VERSION:
                raise OutdatedModelError(
                    f'model {name!r} in {self.folder} was converted by another version of '
                    'facemesh_ros; run `facemesh models fetch` to convert it anew (no network '
                    'is needed)'
                )
            path = self.folder / entry.file_name(form)
            content = _read(path)
        if sha256_of(content) != record.files.get(path.name):
            raise DamagedModelError(f'{path} is not what the manifest says; {_WAY_OUT}')
        return content

    def records(self) -> dict[str, manifest.Record]:
        """Return the manifest."""
        return manifest.read_manifest(self.folder)

    def state(self, entry: ModelEntry) -> State:
        """Return whether all files of a model can be loaded."""
        try:
            for form in entry.forms:
                self.load(entry.name, form)
        except OutdatedModelError:
            return State.OUTDATED
        except MissingModelError:
            return State.MISSING
        except DamagedModelError:
            return State.DAMAGED
        return State.READY

    def original(self, entry: ModelEntry) -> bytes | None:
        """Return the kept TFLite file of a model, None if it is not there or not a pinned one."""
        content = _read(self._original_path(entry))
        found = model_of(sha256_of(content))
        return content if found and found[0] is entry else None

    def install(self, content: bytes, source: str) -> ModelEntry:
        """Convert a pinned TFLite file and keep both; the manifest is written last.

        Interrupted at any point, the next call completes or repeats it.

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
        converted = onnx_files(content, entry)
        record = manifest.Record(
            tflite_sha256=member.sha256,
            source=source,
            converter_version=CONVERTER_VERSION,
            files={name: sha256_of(onnx) for name, onnx in converted.items()},
            time=datetime.now(timezone.utc).isoformat(timespec='seconds'),
        )
        try:
            self._write(entry, content, converted, record)
        except OSError as error:
            raise SourceError(
                f'cannot write to {self.folder}: {error.strerror}; choose another folder with '
                f'--dir or ${FOLDER_VARIABLE}'
            ) from error
        return entry

    def convert_kept(self, entry: ModelEntry) -> bool:
        """Convert a model anew from its kept original; False if there is none."""
        content = self.original(entry)
        if content is None:
            return False
        record = self.records().get(entry.name)
        self.install(content, record.source if record else f'kept {entry.name}.tflite')
        return True

    def is_news(self, text: str) -> bool:
        """Return whether a text about this folder was not the last one told, and remember it."""
        note = self.folder / '.told'
        if _read(note) == text.encode():
            return False
        with contextlib.suppress(OSError):  # then it is told again
            write_atomically(note, text.encode())
        return True

    def _write(
        self,
        entry: ModelEntry,
        content: bytes,
        converted: dict[str, bytes],
        record: manifest.Record,
    ) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self._lock, exclusive=True):
            original = self._original_path(entry)
            for folder in (self.folder, original.parent):
                remove_partial_files(folder)
            write_atomically(original, content)
            for name, onnx in converted.items():
                write_atomically(self.folder / name, onnx)
            manifest.write_manifest(self.folder, {**self.records(), entry.name: record})

    def _original_path(self, entry: ModelEntry) -> Path:
        return self.folder / 'tflite' / f'{entry.name}.tflite'

    @property
    def _lock(self) -> Path:
        return self.folder / '.lock'
