"""Errors of this package itself while it processes a file."""

from __future__ import annotations

import os
import tempfile
import traceback
from pathlib import Path

from facemesh_ros.errors import in_one_line
from facemesh_ros.io import MediaError, MediaSource, UnreadableError, readable_name
from facemesh_ros.io.results import counted

SUFFIX = '.errors'


class ProcessingError(UnreadableError):
    """A file whose processing failed by a fault of this package, not of the file.

    Attributes:
        trace: The traceback.
    """

    def __init__(self, text: str, trace: str) -> None:
        super().__init__(text)
        self.trace = trace

    @classmethod
    def of(cls, source: MediaSource, images: int, error: Exception) -> ProcessingError:
        """Return the error for a source whose processing failed after so many images."""
        name, after = readable_name(source.files[0]), f'after {counted(images, "image")}'
        trace = f'{name}, {after}\n{"".join(traceback.format_exception(error))}\n'
        if isinstance(error, MemoryError):
            return cls(f'{name} is not done to its end: memory ran out {after}', trace)
        kind, reason = type(error).__name__, in_one_line(error)
        return cls(
            f'{name} is not done to its end: {after} facemesh failed, which is a fault of its own '
            f'({kind if reason == kind else f"{kind}: {reason}"})',
            trace,
        )


class ErrorFile:
    """Tracebacks of a run, in a file that is made for the first of them.

    Attributes:
        path: The file; None while there is none.
    """

    def __init__(self, target: Path | None, *, resume: bool = False) -> None:
        """Take the results beside which the file is to lie; None for the temporary folder.

        That of an earlier run goes, but for one that is continued.
        """
        self._place = target.with_name(target.name + SUFFIX) if target is not None else None
        self.path: Path | None = None
        if self._place is not None and not resume:
            self._place.unlink(missing_ok=True)

    def add(self, error: ProcessingError) -> None:
        """Append a traceback; raises MediaError if that fails."""
        try:
            if self.path is None:
                self.path = self._place or _temporary_file()
            with self.path.open('a', encoding='utf-8') as file:
                file.write(error.trace)
        except OSError as failure:
            name = readable_name(self.path or SUFFIX)
            raise MediaError(f'{name} cannot be written: {failure.strerror}') from failure

    @property
    def note(self) -> str:
        """What is to be done about the errors; empty if there was none."""
        if self.path is None:
            return ''
        return f'faults of facemesh itself are in {readable_name(self.path)}: please report them'


def _temporary_file() -> Path:
    descriptor, name = tempfile.mkstemp(prefix='facemesh_', suffix=SUFFIX)
    os.close(descriptor)
    return Path(name)
