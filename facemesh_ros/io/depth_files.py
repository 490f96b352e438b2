"""Depth pictures that lie beside colour pictures."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from string import Formatter

import cv2
import numpy as np

from facemesh_ros.image.depth import metres_from_mm
from facemesh_ros.io.errors import MediaError, UnreadableError, readable_name
from facemesh_ros.io.file_kinds import is_video
from facemesh_ros.io.frames import Picture
from facemesh_ros.io.pictures import content_of_file
from facemesh_ros.types import DepthImage, Float32

_FIELDS = {'stem', 'frame'}


class DepthFiles:
    """Depth pictures by a pattern, such as '{stem}_depth.png', in each picture's own folder."""

    def __init__(self, pattern: str) -> None:
        """Take a pattern; {stem} is the picture's name without suffix, {frame} its number.

        Raises:
            MediaError: If the pattern has another field or is no pattern.
        """
        self._pattern = pattern
        try:
            fields = {name for _, name, _, _ in Formatter().parse(pattern) if name is not None}
            if not fields <= _FIELDS:
                raise ValueError(f'it has {{{min(fields - _FIELDS)}}}')
            self._name('a', 0)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise MediaError(
                f'--depth {readable_name(pattern)} is no pattern ({error}): use {{stem}} for the '
                'name of the picture without suffix and {frame} for the number in a video, as in '
                "'{stem}_depth.png' or '{stem}/{frame:06d}.png'"
            ) from error

    def _name(self, stem: str, frame: int) -> str:
        return self._pattern.format(stem=stem, frame=frame)

    def among(self, files: Iterable[Path]) -> set[Path]:
        """Return those of the files that are depth pictures of others of them."""
        by_place = {os.path.abspath(file): file for file in files}
        found: set[Path] = set()
        for place, file in by_place.items():
            folder, stem = os.path.dirname(place), file.stem
            if is_video(file):
                frames = re.compile(re.escape(folder + os.sep) + self._regex(stem))
                found |= {other for at, other in by_place.items() if frames.fullmatch(at)}
            else:
                depth = os.path.abspath(os.path.join(folder, self._name(stem, 0)))
                found |= {by_place[depth]} if depth in by_place and depth != place else set()
        return found

    def _regex(self, stem: str) -> str:
        """Return what the names of all frames' depth pictures look like."""
        values = {'stem': re.escape(stem), 'frame': '[0-9]+', None: ''}
        parts = Formatter().parse(self._pattern)
        return ''.join(re.escape(literal) + values[name] for literal, name, _, _ in parts)

    def depth_of(self, picture: Picture) -> DepthImage:
        """Read the depth picture of a picture.

        Raises:
            MediaError: If there is none, or it is not 16-bit grey, mm; its text does not name the
                file, so that one sentence may stand for many.
        """
        path = picture.source.parent / self._name(picture.source.stem, picture.frame)
        if not path.exists():
            raise MediaError(f'no depth picture {self._pattern} lies beside it')
        try:
            encoded = content_of_file(path)
        except UnreadableError as error:
            reason = str(error).replace(readable_name(path), 'its depth picture')
            raise MediaError(reason) from error
        return DepthImage(_depth_from_encoded(encoded), picture.stamp_ns)


def _depth_from_encoded(encoded: bytes) -> Float32:
    try:
        millimetres = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:  # it is empty, or too large
        millimetres = None
    if millimetres is None:
        raise MediaError('its depth picture is not a readable picture')
    if millimetres.dtype != np.uint16 or millimetres.ndim != 2:
        channels = millimetres.shape[2] if millimetres.ndim == 3 else 1
        raise MediaError(
            f'its depth picture has {channels} channel(s) of {8 * millimetres.dtype.itemsize} '
            'bits, depth is 16-bit grey, mm'
        )
    return metres_from_mm(millimetres)
