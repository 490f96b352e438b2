"""What `facemesh run` leaves behind: annotated pictures, or a word on the screen."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Protocol, TextIO

from facemesh_ros.geometry.canonical_face import load_topology
from facemesh_ros.io import ImageOrigin, MediaError, VideoFile, readable_name, write_picture
from facemesh_ros.types import Faces, FaceState, Frame, UInt8
from facemesh_ros.viz.drawing import draw_faces

STDOUT_NAME = 'standard output'
# With number and suffix it is shorter than file systems allow.
MAX_STEM_BYTES = 200


class Results(Protocol):
    """Takes the faces of one picture after the other; used as a context manager."""

    def __enter__(self) -> Results:
        """Start."""

    def __exit__(self, *_: object) -> None:
        """Finish what is written."""

    def write(self, picture: ImageOrigin, frame: Frame, faces: Faces, took_ms: float) -> None:
        """Take a picture, the frame made of it, its faces and how long the pipeline took, ms."""

    @property
    def written(self) -> str:
        """How much was written where, for people; empty if nothing needs to be said."""


def write_text(file: TextIO, text: str, name: str) -> None:
    """Write text in one piece, so that an interruption leaves whole lines.

    Args:
        file: Where to.
        text: Lines with their ends.
        name: How errors call the file.

    Raises:
        MediaError: If that fails.
        BrokenPipeError: If the reader has had enough, which is no fault.
    """
    try:
        file.write(text)
        file.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise MediaError(f'{name} cannot be written: {error.strerror}') from error


def counted(count: int, what: str) -> str:
    """Return a number of things, in the plural unless it is one."""
    return f'{count} {what}{"s" * (count != 1)}'


def _drawn(frame: Frame, faces: Faces) -> UInt8:
    return draw_faces(frame, faces, load_topology(faces.landmarks.shape[1]))


class AnnotatedVideo:
    """All pictures with their faces drawn in, as one video."""

    def __init__(self, path: Path, rate_hz: float) -> None:
        self._video = VideoFile(path, rate_hz)
        self._path, self._pictures = path, 0

    def __enter__(self) -> AnnotatedVideo:
        return self

    def __exit__(self, *error: object) -> None:
        self._video.__exit__(*error)

    def write(self, picture: ImageOrigin, frame: Frame, faces: Faces, took_ms: float) -> None:
        """Append a picture."""
        self._video.write(_drawn(frame, faces))
        self._pictures += 1

    @property
    def written(self) -> str:
        """How many pictures went into which file."""
        return f'{counted(self._pictures, "picture")} to {readable_name(self._path)}'


class AnnotatedPictures:
    """All pictures with their faces drawn in, each in a file of its own.

    Attributes:
        count: How many there are.
    """

    def __init__(self, folder: Path, count: int = 0) -> None:
        """Make the folder; raises MediaError if that is not possible.

        So many pictures of a run that goes on are there already.
        """
        self._folder = folder
        self.count = self._before = count
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MediaError(
                f'{readable_name(folder)} cannot be made: {error.strerror}'
            ) from error

    def __enter__(self) -> AnnotatedPictures:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing stays open."""

    def write(self, picture: ImageOrigin, frame: Frame, faces: Faces, took_ms: float) -> None:
        """Write a picture; numbered, since two folders may hold pictures of one name."""
        stem = os.fsdecode(os.fsencode(picture.source.stem)[:MAX_STEM_BYTES])
        path = self._folder / f'{self.count:06d}_{stem}.png'
        write_picture(path, _drawn(frame, faces))
        self.count += 1

    @property
    def written(self) -> str:
        """How many pictures went into which folder."""
        new = counted(self.count - self._before, 'picture')
        return f'{new} to {readable_name(self._folder)}{os.sep}'


class Summary:
    """Prints one line per picture, if no output file is wanted."""

    def __enter__(self) -> Summary:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing stays open."""

    def write(self, picture: ImageOrigin, frame: Frame, faces: Faces, took_ms: float) -> None:
        """Print what was found."""
        number = f' frame {picture.frame}' if picture.of_video else ''
        where = f' {picture.topic}' if picture.topic else ''
        described = [
            f'{name} (not seen)' if state == FaceState.COASTING else f'{name} ({presence:.2f})'
            for name, state, presence in zip(
                faces.names, faces.states, faces.presences, strict=True
            )
        ]
        what = ', '.join(described) or 'no face'
        line = f'{readable_name(picture.source)}{where}{number}: {what}, {took_ms:.1f} ms\n'
        write_text(sys.stdout, line, STDOUT_NAME)

    @property
    def written(self) -> str:
        """Nothing: it was on the screen."""
        return ''
