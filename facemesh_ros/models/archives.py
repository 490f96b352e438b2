"""Finds pinned model files in what the user or a download offers: bundle, wheel, file, folder.

Nothing is unpacked to disk: members are read by their exact names, no further than their pinned
size, and count only if their hash is the pinned one.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from facemesh_ros.models.catalog import BUNDLE, CATALOG, WHEEL, Member, ModelEntry, model_of
from facemesh_ros.models.errors import SourceError
from facemesh_ros.models.files import sha256_of

_ARCHIVES = ('.task', '.whl', '.zip')
_MODELS = ('.tflite',)
_BYTES_LIMIT = 256 * 2**20


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A pinned model file.

    Attributes:
        entry: The model that it is.
        content: The TFLite file.
        source: Where it was found, for people.
    """

    entry: ModelEntry
    content: bytes
    source: str


def models_in(path: Path) -> list[FoundModel]:
    """Return the model files in a bundle, a wheel, a TFLite file, or a folder of those.

    A folder may also be another machine's store.

    Raises:
        SourceError: If there is none, or a file is truncated or not the pinned one.
    """
    if path.is_dir():
        found = [model for file in _candidates(path) for model in _models_in_file(file, path)]
    elif path.is_file():
        found = list(_models_in_file(path, None))
    else:
        raise SourceError(f'{path}: no such file or folder')
    if not found:
        raise SourceError(f'{path}: no model file in it; expected {_expected()}')
    return found


def _candidates(folder: Path) -> Iterable[Path]:
    files = [*sorted(folder.iterdir()), *sorted((folder / 'tflite').glob('*'))]
    return [file for file in files if file.suffix in _ARCHIVES + _MODELS and file.is_file()]


def _models_in_file(path: Path, folder: Path | None) -> Iterator[FoundModel]:
    """A stranger in a folder is passed over; named by the user, it is an error."""
    try:
        if path.stat().st_size > _BYTES_LIMIT:
            raise SourceError(f'{path}: too large to be a model file')
        if path.suffix in _ARCHIVES or (path.suffix not in _MODELS and zipfile.is_zipfile(path)):
            yield from models_in_archive(path)
            return
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(f'{path}: cannot be read: {error.strerror}') from error
    known = model_of(sha256_of(content))
    if known is not None:
        yield FoundModel(known[0], content, f'file {path.name}')
    elif folder is None:
        raise SourceError(
            f'{path}: {len(content)} bytes, SHA-256 {sha256_of(content)}, is no model file that '
            f'this version knows (it may be truncated); expected {_expected()}'
        )


def models_in_archive(path: Path, source: str = '') -> Iterator[FoundModel]:
    """Yield the model files of a bundle or wheel, empty if it holds none.

    Raises:
        SourceError: If the file is no zip archive, is truncated, or holds a model file under its
            known name that is not the pinned one.
    """
    source = source or f'file {path.name}'
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            for entry in CATALOG.values():
                for member in entry.members:
                    if member.path in names:
                        yield FoundModel(entry, _read(archive, member, path), source)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        # RuntimeError: encrypted, or packed in a way zipfile does not know.
        raise SourceError(
            f'{path}: damaged or truncated archive ({error}); expected {_expected()}'
        ) from error


def _read(archive: zipfile.ZipFile, member: Member, path: Path) -> bytes:
    declared = archive.getinfo(member.path).file_size
    if declared == member.size:
        with archive.open(member.path) as file:
            content = file.read(member.size)
        if sha256_of(content) == member.sha256:
            return content
    raise SourceError(
        f'{path}: {member.path} is not the pinned file ({declared} bytes where {member.size} '
        f'bytes with SHA-256 {member.sha256} are expected); it comes from {member.archive.title}'
    )


def _expected() -> str:
    archives = ' or '.join(
        f'{archive.file_name} ({archive.size} bytes, SHA-256 {archive.sha256[:12]}…)'
        for archive in (BUNDLE, WHEEL)
    )
    return f'{archives}, or a .tflite file out of them'
