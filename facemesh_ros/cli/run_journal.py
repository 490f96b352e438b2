"""Which files of a run are done, so that an interrupted one can go on where it was."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from facemesh_ros.cli.run_progress import size_of
from facemesh_ros.io import MediaError, MediaSource, readable_name

SUFFIX = '.progress'


@dataclass(frozen=True, slots=True)
class RunState:
    """How far a run is, after a source.

    Attributes:
        images: Processed so far.
        with_faces: Of these, how many show a face.
        failed: Files that could not be read to their end so far.
        ids: The highest id that was given.
        line_bytes: Length of the file of JSON lines.
        pictures: Annotated pictures written.
    """

    images: int = 0
    with_faces: int = 0
    failed: int = 0
    ids: int = 0
    line_bytes: int = 0
    pictures: int = 0


class RunJournal:
    """A file beside the results, a line for each source that is done; it goes when all are."""

    def __init__(self, target: Path, options: Mapping[str, Any], *, resume: bool) -> None:
        """Begin a file, or go on with one.

        Args:
            target: The results; the journal lies beside them.
            options: Those of the command line that the results depend on.
            resume: Whether to go on with a run that was interrupted, if there is one.

        Raises:
            MediaError: If the file cannot be written, or that run had other options.
        """
        self._path = target.with_name(target.name + SUFFIX)
        self.state, self._done = RunState(), Counter[tuple[str, int]]()
        said = json.dumps({name: str(value) for name, value in options.items()}, sort_keys=True)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if resume and self._path.is_file():
                self._read(said)
                self._file: TextIO = self._path.open('a', encoding='utf-8')
            else:
                self._file = self._path.open('w', encoding='utf-8')
                self._begin(said)
        except OSError as error:
            raise self._error(f'cannot be written: {error.strerror}') from error

    def _begin(self, said: str) -> None:
        try:
            self._write(said)
        except OSError:
            self.close()
            raise

    def _read(self, said: str) -> None:
        first, *lines = self._path.read_text(encoding='utf-8').splitlines() or ['']
        if first != said:
            raise self._error(
                'is of a run with other options: give the same ones, or leave --resume out to '
                'begin anew'
            )
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:  # the machine went down while it was written
                break
            self._done[record.pop('source'), record.pop('bytes')] += 1
            self.state = RunState(**record)

    def done_among(self, sources: Sequence[MediaSource]) -> set[int]:
        """Return the indices of those that are done; raises MediaError if one has changed since.

        A source that is given twice may have been done once.
        """
        left, found = Counter(self._done), set[int]()
        names = {name for name, _ in self._done}
        for index, source in enumerate(sources):
            key, size = _key(source), size_of(source)
            if left[key, size]:
                left[key, size] -= 1
                found.add(index)
            elif key in names and (key, size) not in self._done:
                raise self._error(
                    f'says that {readable_name(source.files[0])} is done, but that has changed '
                    'since: leave --resume out to begin anew'
                )
        return found

    def add(self, source: MediaSource, state: RunState) -> None:
        """Note that a source is done; raises MediaError if that cannot be written."""
        self.state = state
        record = {'source': _key(source), 'bytes': size_of(source), **asdict(state)}
        try:
            self._write(json.dumps(record))
        except OSError as error:
            raise self._error(f'cannot be written: {error.strerror}') from error

    def _write(self, line: str) -> None:
        self._file.write(line + '\n')
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):  # of a full disk, told before
            self._file.close()

    def remove(self) -> None:
        """Remove the file: all is done."""
        self._path.unlink(missing_ok=True)

    def _error(self, what: str) -> MediaError:
        return MediaError(f'{readable_name(self._path)} {what}')


def _key(source: MediaSource) -> str:
    """Return what a source is known by: its first file, and how many it has."""
    return f'{source.files[0].absolute()} {len(source.files)}'
