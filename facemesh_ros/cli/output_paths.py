"""Checks that results can be written, before anything is processed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from facemesh_ros.io import (
    IMAGE_SUFFIXES,
    VIDEO_SUFFIXES,
    WRITABLE_SUFFIXES,
    MediaError,
    readable_name,
)

STDOUT = '-'


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where results go.

    Attributes:
        jsonl: File for JSON lines, - for stdout.
        video: File or folder for annotated copies.
        bags: Files for recordings with the faces.
    """

    jsonl: str | None = None
    video: Path | None = None
    bags: Sequence[Path] = ()


def check_output_paths(
    outputs: Outputs, inputs: Sequence[Path], calibration: Path | None = None
) -> None:
    """Raise MediaError if results cannot be written, or would overwrite an input.

    Args:
        outputs: Where they go.
        inputs: All input files.
        calibration: File that is read, too; results may lie beside it.
    """
    jsonl, video = outputs.jsonl, outputs.video
    lines = Path(jsonl) if jsonl and jsonl != STDOUT else None
    if lines:
        _check_file(lines)
    for bag in outputs.bags:
        _check_folder(bag.parent)
        if bag.parent.is_dir():
            _check_file(bag)
    if video and is_video_path(video):
        _check_file(video)
    elif video:
        _check_no_media_name(video)
        _check_folder(video)
    if lines and video and _same(lines, video):
        raise MediaError(
            f'{readable_name(video)} cannot take both --jsonl and --video; choose two names'
        )
    for bag in outputs.bags:
        if any(_same(other, bag) for other in filter(None, (lines, video))):
            raise MediaError(f'{readable_name(bag)} cannot take --bag too; choose two names')
    places = _InputPlaces(inputs)
    for target in filter(None, (lines, video, *outputs.bags)):
        if file := places.read_at(target):
            raise MediaError(
                f'{readable_name(target)} cannot take results: {readable_name(file)} is read from '
                'there and could be written over; choose another place'
            )
        if calibration and _same(target, calibration):
            raise MediaError(f'{readable_name(target)} is --camera-info: choose another place')


def is_video_path(video: Path) -> bool:
    """Return whether annotated copies go to one video, not to a folder of pictures."""
    return video.suffix.lower() in WRITABLE_SUFFIXES and not video.is_dir()


class _InputPlaces:
    """Where inputs lie, through links too; looked at once, as archives have thousands."""

    def __init__(self, inputs: Sequence[Path]) -> None:
        self._files: dict[tuple[int, int], Path] = {}
        self._folders: dict[Path, Path] = {}
        self._recordings: dict[Path, Path] = {}
        resolved = cache(Path.resolve)
        for file in inputs:
            with suppress(OSError):  # not there: reported when it is read
                status = file.stat()
                self._files[status.st_dev, status.st_ino] = file
            self._folders[resolved(file.parent)] = file
            if file.is_symlink():
                self._folders[file.resolve().parent] = file
            if file.is_dir():
                self._recordings[file.resolve()] = file

    def read_at(self, target: Path) -> Path | None:
        """Return an input that is at a place, in it, or a recording around it."""
        place = target.resolve()
        with suppress(OSError):  # it is not there yet
            status = target.stat()
            if file := self._files.get((status.st_dev, status.st_ino)):
                return file
        around = filter(None, map(self._recordings.get, place.parents))
        return self._folders.get(place) or next(around, None)


def _same(one: Path, other: Path) -> bool:
    """Return whether two paths are the same file, also through links."""
    try:
        return os.path.samefile(one, other)
    except OSError:  # one of them is not there yet
        return one.resolve() == other.resolve()


def _check_file(path: Path) -> None:
    """Raise MediaError with the system's reason if a file cannot be created or written."""
    try:
        if path.is_file() or path.is_dir():
            path.open('r+b').close()
        elif not os.path.lexists(path):  # devices and pipes are opened once, to write
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            path.unlink()
    except OSError as error:
        raise MediaError(f'{readable_name(path)} cannot be written: {error.strerror}') from error


def _check_no_media_name(path: Path) -> None:
    """Raise MediaError if a folder for pictures is named like a file of them."""
    name = readable_name(path)
    if path.suffix.lower() in IMAGE_SUFFIXES + VIDEO_SUFFIXES and not path.is_dir():
        raise MediaError(
            f'{name} cannot be written: --video takes {", ".join(WRITABLE_SUFFIXES)} for one '
            'video, and a name without such an end for a folder of pictures'
        )


def _check_folder(path: Path) -> None:
    """Raise MediaError if a folder can neither be created nor written to."""
    name = readable_name(path)
    places = (path.absolute(), *path.absolute().parents)
    there = next(place for place in places if place.exists())
    where = readable_name(there)
    if not there.is_dir():
        raise MediaError(f'{name} cannot be made: {where} is not a folder')
    if not os.access(there, os.W_OK | os.X_OK):
        raise MediaError(f'{name} cannot be written: you may not write to {where}')
