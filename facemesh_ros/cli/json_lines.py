"""JSON Lines output: one JSON object per picture."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from facemesh_ros.cli.output_paths import STDOUT
from facemesh_ros.geometry.rotations import quaternion_xyzw_from_matrix
from facemesh_ros.io import ImageOrigin, MediaError, readable_name
from facemesh_ros.io.results import STDOUT_NAME, counted, write_text
from facemesh_ros.types import Faces, Float32, Float64, Frame, MetricFaces, MetricSource

PIXEL_DIGITS = 3
# A micrometre, a microradian.
METRIC_DIGITS = 6
COVARIANCE_DIGITS = 6


class JsonLines:
    """Writes one line of JSON per picture; `facemesh run --help` documents its fields."""

    def __init__(self, target: str, kept_bytes: int = 0) -> None:
        """Open the file, - for stdout; raises MediaError if it cannot be written.

        The first bytes of it may be kept, of a run that goes on.
        """
        self._to_stdout, self._lines = target == STDOUT, 0
        self._name = STDOUT_NAME if self._to_stdout else readable_name(target)
        try:
            self._file: TextIO = sys.stdout if self._to_stdout else _opened(target, kept_bytes)
        except OSError as error:
            raise self._error(error) from error

    def __enter__(self) -> JsonLines:
        return self

    def __exit__(self, *error: object) -> None:
        if self._to_stdout:
            return
        try:
            self._file.close()
        except OSError as failure:
            if not any(error):  # otherwise that error is reported
                raise self._error(failure) from failure

    def write(self, picture: ImageOrigin, frame: Frame, faces: Faces, took_ms: float) -> None:
        """Write the line of a picture; raises MediaError if that fails."""
        line = line_from_faces(picture, frame.image_wh, faces, took_ms)
        text = json.dumps(line, separators=(',', ':'), allow_nan=False) + '\n'
        write_text(self._file, text, self._name)
        self._lines += 1

    @property
    def written(self) -> str:
        """How many lines were written to which file; empty for stdout."""
        return '' if self._to_stdout else f'{counted(self._lines, "line")} to {self._name}'

    @property
    def position(self) -> int:
        """Length of the file, bytes; 0 for stdout."""
        return 0 if self._to_stdout else self._file.tell()

    def _error(self, error: OSError) -> MediaError:
        return MediaError(f'{self._name} cannot be written: {error.strerror}')


def _opened(target: str, kept_bytes: int) -> TextIO:
    if not kept_bytes:
        return open(target, 'w')
    file = open(target, 'r+')  # noqa: SIM115
    file.truncate(kept_bytes)
    file.seek(kept_bytes)
    return file


def line_from_faces(
    picture: ImageOrigin, image_wh: tuple[int, int], faces: Faces, took_ms: float
) -> dict[str, Any]:
    """Return the fields of one line; px rounded to a thousandth, m and rad to a millionth."""
    return {
        'source': _source_name(picture.source),
        **({'topic': picture.topic} if picture.topic else {}),
        'frame': picture.frame,
        'stamp_ns': picture.stamp_ns,
        'image_wh': list(image_wh),
        'ms': round(took_ms, 3),
        'faces': [_face(faces, index) for index in range(len(faces))],
    }


def _source_name(path: Path) -> str:
    """Return a path relative to the current folder if it lies inside, else as given."""
    try:
        name = os.path.relpath(path)
    except OSError:  # the current folder is gone
        name = os.pardir
    if name.split(os.sep)[0] == os.pardir:
        name = os.path.normpath(path)
    return os.fsencode(name).decode('utf-8', 'backslashreplace')


def _face(faces: Faces, index: int) -> dict[str, Any]:
    score = faces.detection_scores[index]
    return {
        'id': faces.names[index],
        'state': int(faces.states[index]),
        'score': None if np.isnan(score) else _rounded(score),
        'last_score': _rounded(faces.last_detection_scores[index]),
        'last_score_age': int(faces.last_detection_ages[index]),
        'presence': _rounded(faces.presences[index]),
        'box_xyxy': _rounded(faces.boxes_xyxy[index]),
        'landmarks': _rounded(faces.landmarks[index]),
        **_metric_fields(faces.metric, index),
    }


def _metric_fields(metric: MetricFaces, index: int) -> dict[str, Any]:
    """Return what is known of a face in space, null for the rest."""
    is_known = metric.sources[index] != MetricSource.NONE
    return {
        'pose': _pose(metric, index) if is_known else None,
        'metric_source': int(metric.sources[index]),
        'landmarks_metric': _points(metric.landmarks_m[index]) if is_known else None,
        'gaze_left': _known(metric.gazes_left[index]),
        'gaze_right': _known(metric.gazes_right[index]),
        'gaze_sigma': _known(metric.gaze_sigmas_rad[index]),
    }


def _pose(metric: MetricFaces, index: int) -> dict[str, Any]:
    covariance = metric.covariances[index].ravel()
    return {
        'position_m': _known(metric.positions_m[index]),
        'quaternion_xyzw': _known(quaternion_xyzw_from_matrix(metric.rotations[index])),
        # Squares of small numbers: significant digits, not decimals.
        'covariance': [float(f'{value:.{COVARIANCE_DIGITS}g}') for value in covariance],
    }


def _points(points_m: Float32) -> list[Any]:
    """Return (L, 3) m, null for a point that is not known."""
    is_known = np.all(np.isfinite(points_m), axis=-1).tolist()
    rounded = _rounded(points_m, METRIC_DIGITS)
    return [point if known else None for point, known in zip(rounded, is_known, strict=True)]


def _known(values: Float32 | Float64) -> Any:
    return _rounded(values, METRIC_DIGITS) if np.all(np.isfinite(values)) else None


def _rounded(values: Float32 | Float64, digits: int = PIXEL_DIGITS) -> Any:
    return np.round(np.asarray(values, np.float64), digits).tolist()
