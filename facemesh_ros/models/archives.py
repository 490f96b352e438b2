"""Finds pinned model files in a bundle, a wheel, a TFLite file or a folder.

Nothing is unpacked to disk: members are read by their exact names, no further than their pinned
size, and count only if their hash is the pinned one.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from facemesh_ros.catalog.model_entry import Member, ModelEntry
from facemesh_ros.catalog.models import BUNDLE, CATALOG, WHEEL, model_of
from facemesh_ros.errors import SourceError, in_one_line
from facemesh_ros.models.files import sha256_of
from facemesh_ros.models.progress import log

_ARCHIVES = ('.task', '.whl', '.zip')
_MODELS = ('.tflite',)
_BYTES_LIMIT = 256 * 2**20
# In a store, and in the archives.
_KNOWN_NAMES = {f'{name}.tflite' for name in CATALOG} | {
    PurePosixPath(member.path).name for entry in CATALOG.values() for member in entry.members
}


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A pinned model file and where it was found.

    Attributes:
        entry: Its model.
        content: The TFLite file.
        source: Its origin, for people.
    """

    entry: ModelEntry
    content: bytes
    source: str


def models_in(path: Path) -> list[FoundModel]:
    """Return the model files in a bundle, a wheel, a TFLite file, or a folder of those.

    A folder may also be another machine's store. A damaged file in it is logged and skipped.

    Raises:
        SourceError: If there is none, or the file is truncated or not a pinned one.
    """
    if path.is_dir():
        found = [model for file in _candidates(path) for model in _models_if_sound(file)]
    elif path.is_file():
        found = list(_models_in_file(path))
    else:
        raise SourceError(f'{path}: no such file or folder')
    if not found:
        raise SourceError(f'{path}: no model file in it; expected {_expected()}')
    return found


def _candidates(folder: Path) -> Iterable[Path]:
    files = [*sorted(folder.iterdir()), *sorted((folder / 'tflite').glob('*'))]
    return [file for file in files if file.suffix in _ARCHIVES + _MODELS and file.is_file()]


def _models_if_sound(path: Path) -> list[FoundModel]:
    try:
        return list(_models_in_file(path))
    except SourceError as error:
        if path.suffix in _ARCHIVES or path.name in _KNOWN_NAMES:  # else no file of ours
            log(f'skipped: {error}')
        return []


def _models_in_file(path: Path) -> Iterator[FoundModel]:
    try:
        if path.stat().st_size > _BYTES_LIMIT:
            raise SourceError(f'{path}: too large to be a model file')
        if path.suffix in _ARCHIVES or (path.suffix not in _MODELS and zipfile.is_zipfile(path)):
            yield from models_in_archive(path, f'file {path.name}')
            return
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(f'{path}: cannot be read: {error.strerror}') from error
    known = model_of(sha256_of(content))
    if known is not None:
        yield FoundModel(known[0], content, f'file {path.name}')
    else:
        raise SourceError(
            f'{path}: {len(content)} bytes, SHA-256 {sha256_of(content)}, is no model file that '
            f'this version knows (it may be truncated); expected {_expected()}'
        )


def models_in_archive(file: Path | BinaryIO, source: str) -> Iterator[FoundModel]:
    """Yield the model files of a bundle or wheel, empty if it holds none.

    Args:
        file: The archive, or where it lies.
        source: Its origin, for people.

    Raises:
        SourceError: If the file is no zip archive, is truncated, or holds a model file under its
            known name that is not the pinned one.
    """
    named = str(file) if isinstance(file, Path) else source
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            for entry in CATALOG.values():
                for member in entry.members:
                    if member.path in names:
                        yield FoundModel(entry, _read(archive, member, named), source)
    except Exception as error:
        if isinstance(error, SourceError) or (isinstance(error, OSError) and error.strerror):
            raise  # of the disk; those of bzip2 have no reason
        # zipfile and the decompressors raise whatever damaged bytes lead them to.
        raise SourceError(
            f'{named}: damaged or truncated archive ({in_one_line(error)}); expected {_expected()}'
        ) from error


def _read(archive: zipfile.ZipFile, member: Member, named: str) -> bytes:
    declared = archive.getinfo(member.path).file_size
    if declared == member.size:
        with archive.open(member.path) as file:
            content = file.read(member.size)
        if sha256_of(content) == member.sha256:
            return content
    raise SourceError(
        f'{named}: {member.path} is not the pinned file ({declared} bytes where {member.size} '
        f'bytes with SHA-256 {member.sha256} are expected); it comes from {member.archive.title}'
    )


def _expected() -> str:
    archives = ' or '.join(
        f'{archive.file_name} ({archive.size} bytes, SHA-256 {archive.sha256[:12]}…)'
        for archive in (BUNDLE, WHEEL)
    )
    return f'{archives}, or a .tflite file out of them'
