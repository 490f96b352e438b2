"""Camera calibrations of pictures: a ROS calibration YAML for all, or JSON lines, one for each."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from facemesh_ros.errors import in_one_line
from facemesh_ros.geometry.calibration import Calibration, CalibrationError
from facemesh_ros.io.errors import MediaError, UnreadableError, readable_name
from facemesh_ros.io.pictures import content_of_file

# camera_info_manager and camera_calibration write long names, the message has short ones.
_LONG_NAMES = {
    'width': 'image_width',
    'height': 'image_height',
    'd': 'distortion_coefficients',
    'k': 'camera_matrix',
    'p': 'projection_matrix',
}
_SIDES = ('width', 'height')
_ROI = ('x_offset', 'y_offset', *_SIDES)
# The message has no larger numbers.
MAX_UINT32 = 2**32 - 1
_EXAMPLE = '{"source": "a.png", "width": 640, "height": 480, "distortion_model": "", "d": [], "k":'


class CalibrationFile:
    """What a file says of the cameras that took pictures."""

    def __init__(self, path: Path) -> None:
        """Read a file.

        Raises:
            MediaError: If it cannot be read or is no calibration; the text says which line of it.
        """
        self._name = readable_name(path)
        self._for_all: Calibration | None = None
        self._by_source: dict[tuple[str, ...], Calibration] = {}
        records = self._records(path)
        for place, record in records:
            calibration = self._calibration(place, record)
            source = record.get('source')
            if source is None and len(records) == 1:
                self._for_all = calibration
            elif not isinstance(source, str) or not source:
                raise self._error(place, 'names no "source", the picture that it belongs to')
            elif self._by_source.setdefault(_parts(source), calibration) != calibration:
                raise self._error(place, f'contradicts an earlier line for {source!r}')

    def calibration_of(self, source: Path) -> Calibration:
        """Return the calibration of a picture or video: by its name, and folders as far as given.

        Raises:
            CalibrationError: If there is none for it.
        """
        calibration = self._own_calibration(source) or self._for_all
        if calibration is None:
            raise CalibrationError(
                f'{self._name} has no line whose "source" is its name: add one, or give a '
                'calibration for all pictures'
            )
        return calibration

    def has_line_for(self, source: Path) -> bool:
        """Tell whether a picture or video has a line of its own."""
        return self._own_calibration(source) is not None

    def _own_calibration(self, source: Path) -> Calibration | None:
        parts = _parts(os.path.abspath(source))
        ends = (self._by_source.get(parts[start:]) for start in range(len(parts)))
        return next(filter(None, ends), None)

    def _records(self, path: Path) -> list[tuple[str, Mapping[str, Any]]]:
        """Return the calibrations as written, with their places in the file."""
        try:
            text = content_of_file(path).decode()
        except UnicodeDecodeError:
            raise MediaError(f'{self._name} is no camera calibration: it is no text') from None
        except UnreadableError as error:
            raise MediaError(str(error)) from error
        if not text.lstrip().startswith('{'):
            return [(self._name, self._mapping(self._name, self._from_yaml(text)))]
        try:
            return [(self._name, self._mapping(self._name, json.loads(text)))]
        except RecursionError as error:
            raise self._error(self._name, 'is nested without end') from error
        except ValueError:  # more than one
            return list(self._from_json_lines(text.splitlines()))

    def _from_json_lines(self, lines: Iterable[str]) -> Iterable[tuple[str, Mapping[str, Any]]]:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            place = f'{self._name}, line {number}'
            try:
                yield place, self._mapping(place, json.loads(line))
            except (ValueError, RecursionError) as error:
                raise self._error(place, f'is no JSON ({in_one_line(error)})') from error

    def _from_yaml(self, text: str) -> Any:
        import yaml

        try:
            # `ros2 topic echo` ends its one document with a separator.
            return next(iter(filter(None, yaml.safe_load_all(text))), None)
        # Values that look like dates or numbers, and endless nesting, raise what they like.
        except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError) as error:
            raise self._error(self._name, f'is no YAML ({in_one_line(error)})') from error
        except RecursionError as error:
            raise self._error(self._name, 'is nested without end') from error

    def _mapping(self, place: str, record: Any) -> Mapping[str, Any]:
        if not isinstance(record, dict):
            raise self._error(place, 'has no fields')
        return {str(name).lower(): value for name, value in record.items()}

    def _calibration(self, place: str, record: Mapping[str, Any]) -> Calibration:
        width, height = self._size(place, record)
        roi = record.get('roi') or {}
        try:
            region = [int(record.get(f'binning_{axis}', 0)) for axis in 'xy']
            region += [int(roi.get(name, 0)) for name in _ROI]
        except (AttributeError, OverflowError, TypeError, ValueError) as error:
            cause = in_one_line(error)
            raise self._error(place, f'has a wrong binning or roi ({cause})') from error
        if not all(0 <= each <= MAX_UINT32 for each in region):
            raise self._error(place, 'has a wrong binning or roi (no numbers of px)')
        bin_x, bin_y, left, top, roi_width, roi_height = region
        return Calibration(
            image_wh=(width, height),
            distortion_model=self._distortion_model(place, record),
            d=self._numbers(place, record, 'd'),
            k=self._numbers(place, record, 'k', 9),
            p=self._numbers(place, record, 'p', 12) or (0.0,) * 12,
            binning_xy=(bin_x, bin_y),
            roi_xywh=(left, top, roi_width, roi_height),
        )

    def _distortion_model(self, place: str, record: Mapping[str, Any]) -> str:
        name = record.get('distortion_model') or ''
        if not isinstance(name, str):  # written out, nested lists could fill the memory
            raise self._error(place, 'has a distortion_model that is no name')
        return name

    def _size(self, place: str, record: Mapping[str, Any]) -> tuple[int, int]:
        width, height = (record.get(name, record.get(_LONG_NAMES[name])) for name in _SIDES)
        if not all(isinstance(side, int) and 0 <= side <= MAX_UINT32 for side in (width, height)):
            raise self._error(place, 'has no width and height, px')
        return int(width or 0), int(height or 0)

    def _numbers(
        self, place: str, record: Mapping[str, Any], name: str, count: int | None = None
    ) -> tuple[float, ...]:
        """Return a row of numbers, empty if it is not there and may be left out."""
        values = record.get(name, record.get(_LONG_NAMES[name]))
        values = values.get('data') if isinstance(values, dict) else values
        if values is None and name != 'k':
            return ()
        try:
            numbers = tuple(map(float, values or ()))
        except (OverflowError, TypeError, ValueError):
            numbers = None
        if numbers == () and name != 'k':
            return ()
        if numbers is None or (count is not None and len(numbers) != count):
            wanted = f'{count} numbers' if count else 'numbers'
            raise self._error(place, f'has no {name} ({_LONG_NAMES[name]}) of {wanted}')
        return numbers

    def _error(self, place: str, what: str) -> MediaError:
        return MediaError(
            f'{place} {what}: --camera-info takes a ROS calibration YAML (image_width, '
            f'image_height, camera_matrix, …), or lines such as {_EXAMPLE} …}}'
        )


def _parts(path: str) -> tuple[str, ...]:
    return Path(os.path.normpath(path)).parts
