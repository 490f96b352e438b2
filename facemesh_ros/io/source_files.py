"""Which files are meant by paths, and which of them belong together."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from facemesh_ros.io.errors import UnreadableError, readable_name
from facemesh_ros.io.file_kinds import IMAGE_SUFFIXES, VIDEO_SUFFIXES, is_video, require_file
from facemesh_ros.io.numbered_frames import in_natural_order, sequences_among
from facemesh_ros.io.recordings.recording import (
    RECORDING_SUFFIXES,
    is_recording_file,
    is_recording_folder,
)

_KNOWN_SUFFIXES = ' '.join(IMAGE_SUFFIXES + VIDEO_SUFFIXES + RECORDING_SUFFIXES)


class SourceKind(Enum):
    """How pictures of a source follow each other."""

    VIDEO = 'video'
    SEQUENCE = 'numbered frames'
    STILL = 'picture'
    RECORDING = 'recording'


@dataclass(frozen=True, slots=True)
class MediaSource:
    """Files that are one stream of pictures, or one picture.

    Attributes:
        kind: What they are.
        files: In order; one, but for numbered frames. A recording's may be a folder.
    """

    kind: SourceKind
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class FoundMedia:
    """What paths stand for.

    Attributes:
        sources: Streams and pictures, in the order of the paths.
        errors: One for each path that stands for nothing.
        left_out: How many files of folders are no pictures or videos by their names, by suffix.
        companions: Files that are no pictures of their own, such as depth pictures.
    """

    sources: list[MediaSource]
    errors: list[UnreadableError]
    left_out: Counter[str] = field(default_factory=Counter)
    companions: list[Path] = field(default_factory=list)

    @property
    def files(self) -> list[Path]:
        """All files, in order."""
        return [file for source in self.sources for file in source.files]


def find_media(
    paths: Iterable[Path],
    companions_among: Callable[[list[Path]], Container[Path]] = lambda _: (),
    stands_alone: Callable[[Path], bool] = lambda _: False,
) -> FoundMedia:
    """Return the files meant by paths: a folder stands for all pictures, videos, recordings in it.

    What is hidden in a folder, and folders in it that are no recordings, are passed over. Pictures
    that are numbered frames come together, in the order of their numbers.

    Args:
        paths: Files and folders.
        companions_among: Returns those of the files that belong to others of them.
        stands_alone: Tells that a picture is no frame of a stream, however it is numbered.
    """
    found = FoundMedia([], [])
    named: list[Path] = []

    def add(files: list[Path]) -> None:
        companions = companions_among(files)
        found.companions.extend(file for file in files if file in companions)
        pictures = [file for file in files if file not in companions]
        found.sources.extend(_grouped(pictures, stands_alone))

    for path in paths:
        try:
            if is_recording_folder(path):
                named.append(path)
            elif os.path.isdir(path):
                add(named)
                named = []
                add(_files_in(path, found.left_out))
            else:
                require_file(path)
                named.append(path)
        except UnreadableError as error:
            found.errors.append(error)
    add(named)
    return found


def _files_in(folder: Path, left_out: Counter[str]) -> list[Path]:
    """Return a folder's media and count its other files; raises UnreadableError."""
    name = readable_name(folder)
    try:
        visible = [path for path in folder.iterdir() if not path.name.startswith('.')]
    except OSError as error:
        raise UnreadableError(f'{name} cannot be read: {error.strerror}') from error
    media = [path for path in visible if _is_media(path)]
    others = [path for path in visible if not _is_media(path) and not os.path.isdir(path)]
    left_out.update(map(_kind_of, others))
    if not media:
        folders = sum(map(os.path.isdir, visible))
        hint = f'; folders in a folder are not searched, and it has {folders}' if folders else ''
        raise UnreadableError(
            f'{name} holds no picture, video or recording ({_KNOWN_SUFFIXES}){hint}'
        )
    return in_natural_order(media)


def _is_media(path: Path) -> bool:
    """Return whether a file is wanted from a folder; a broken link is, and will be reported."""
    if is_recording_folder(path):
        return True
    is_file = os.path.isfile(path) or not os.path.exists(path)
    is_known = path.suffix.lower() in IMAGE_SUFFIXES + VIDEO_SUFFIXES or is_recording_file(path)
    return is_file and is_known


def _kind_of_source(path: Path) -> SourceKind:
    if is_recording_file(path) or os.path.isdir(path):
        return SourceKind.RECORDING
    return SourceKind.VIDEO if is_video(path) else SourceKind.STILL


def _kind_of(path: Path) -> str:
    if not os.path.isfile(path):
        return 'pipes and devices'
    return readable_name(path.suffix.lower()) or 'no suffix'


def _grouped(files: list[Path], stands_alone: Callable[[Path], bool]) -> Iterator[MediaSource]:
    """Put numbered frames together where the first of them stands."""
    kind_of = {file: _kind_of_source(file) for file in files}
    frames = [
        file for file in files if kind_of[file] is SourceKind.STILL and not stands_alone(file)
    ]
    row_of = {file: row for row in sequences_among(frames) for file in row}
    done: set[Path] = set()
    for file in files:
        if file in row_of and file not in done:
            done.update(row_of[file])
            yield MediaSource(SourceKind.SEQUENCE, row_of[file])
        elif file not in row_of:
            yield MediaSource(kind_of[file], (file,))
