"""What `facemesh run` leaves behind: JSON lines, annotated pictures, or a word on the screen."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, Protocol, TextIO

import numpy as np

from facemesh_ros.core.drawing import annotated
from facemesh_ros.core.topology import FaceTopology
from facemesh_ros.core.types import Faces, Float32, Frame, PixelOrder, UInt8
from facemesh_ros.media import MediaError, Picture, VideoFile, is_video, write_picture

DIGITS = 3


class Results(Protocol):
    """Takes the faces of one picture after the other; used as a context manager."""

    def __enter__(self) -> Results:
        """Start."""

    def __exit__(self, *_: object) -> None:
        """Finish what is written."""

    def write(self, picture: Picture, faces: Faces, took_ms: float) -> None:
        """Take the faces of a picture and how long the pipeline took, ms."""


class JsonLines:
    """One line of JSON per picture, as interface.md says."""

    def __init__(self, target: str) -> None:
        """Take the file's name, - for stdout; raises MediaError if it cannot be written."""
        try:
            self._file: TextIO = sys.stdout if target == '-' else open(target, 'w')  # noqa: SIM115
        except OSError as error:
            raise MediaError(f'{target} cannot be written: {error.strerror}') from error

    def __enter__(self) -> JsonLines:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not sys.stdout:
            self._file.close()

    def write(self, picture: Picture, faces: Faces, took_ms: float) -> None:
        """Write the line of a picture."""
        line = line_from_faces(picture, faces, took_ms)
        print(json.dumps(line, separators=(',', ':')), file=self._file, flush=True)


def line_from_faces(picture: Picture, faces: Faces, took_ms: float) -> dict[str, Any]:
    """Return what a line of --jsonl holds; px to a thousandth."""
    height, width = picture.bgr.shape[:2]
    return {
        'source': os.path.relpath(picture.source),
        'frame': picture.frame,
        'stamp_ns': picture.stamp_ns,
        'image_wh': [width, height],
        'ms': round(took_ms, 3),
        'faces': [_face(faces, index) for index in range(len(faces))],
    }


def _face(faces: Faces, index: int) -> dict[str, Any]:
    score = faces.detection_scores[index]
    return {
        'id': faces.names[index],
        'state': int(faces.states[index]),
        'score': None if np.isnan(score) else _rounded(score),
        'presence': _rounded(faces.presences[index]),
        'box_xyxy': _rounded(faces.boxes_xyxy[index]),
        'landmarks': _rounded(faces.landmarks[index]),
        'pose': None,
    }


def _rounded(values: Float32) -> Any:
    return np.round(np.asarray(values, np.float64), DIGITS).tolist()


class AnnotatedVideo:
    """All pictures with their faces drawn in, as one video."""

    def __init__(self, path: Path, rate_hz: float, topology: FaceTopology) -> None:
        self._video, self._topology = VideoFile(path, rate_hz), topology

    def __enter__(self) -> AnnotatedVideo:
        return self

    def __exit__(self, *error: object) -> None:
        self._video.__exit__(*error)

    def write(self, picture: Picture, faces: Faces, took_ms: float) -> None:
        """Append a picture."""
        self._video.write(_drawn(picture, faces, self._topology))


class AnnotatedPictures:
    """All pictures with their faces drawn in, each in a file of its own."""

    def __init__(self, folder: Path, topology: FaceTopology) -> None:
        """Make the folder; raises MediaError if that is not possible."""
        self._folder, self._topology = folder, topology
        self._written = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MediaError(f'{folder} cannot be made: {error.strerror}') from error

    def __enter__(self) -> AnnotatedPictures:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing stays open."""

    def write(self, picture: Picture, faces: Faces, took_ms: float) -> None:
        """Write a picture; numbered, since two folders may hold pictures of one name."""
        path = self._folder / f'{self._written:06d}_{picture.source.stem}.png'
        self._written += 1
        write_picture(path, _drawn(picture, faces, self._topology))


def _drawn(picture: Picture, faces: Faces, topology: FaceTopology) -> UInt8:
    return annotated(Frame(picture.bgr, PixelOrder.BGR), faces, topology)


class Summary:
    """A line per picture on the screen, for a first look."""

    def __enter__(self) -> Summary:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing stays open."""

    def write(self, picture: Picture, faces: Faces, took_ms: float) -> None:
        """Print what was found."""
        number = f' frame {picture.frame}' if is_video(picture.source) else ''
        named = zip(faces.names, faces.presences, strict=True)
        what = ', '.join(f'{name} ({presence:.2f})' for name, presence in named) or 'no face'
        print(f'{picture.source}{number}: {what}, {took_ms:.1f} ms')
