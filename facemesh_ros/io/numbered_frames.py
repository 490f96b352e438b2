"""Numbered frames: pictures of one stream, told from photographs by name, size and EXIF."""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

# The last number of a name is the frame's; with words behind it only if it looks like a counter
# (0001_left.png), since people number photographs too (1_family.jpg).
_NUMBERED = re.compile(
    r'(?P<before>.*?)((?P<number>[0-9]+)|(?P<counter>[0-9]{3,})(?P<after>[^0-9]+))', re.DOTALL
)
# How cameras (JEITA CP-3461, DCF: IMG_0001, DSC00001, P1010001) and phones name photographs.
_PHOTOGRAPH = re.compile(r'[A-Z_][A-Z0-9_]{3}[0-9]{4}|(IMG|MVIMG|PXL)[-_]?[0-9]{8}.*', re.DOTALL)
_JPEG_SUFFIXES = ('.jpe', '.jpeg', '.jfif', '.jpg', '.mpo')
_EXIF_MAKE = 0x010F


def sequences_among(files: Iterable[Path]) -> list[tuple[Path, ...]]:
    """Return the rows of numbered frames among files, each in the order of its numbers.

    Frames of a row lie in one folder, their names differ in their last number only, and they are
    of one size. Photographs are numbered too, but each stands alone: they have names that cameras
    and phones give, or say in their EXIF which camera took them.
    """
    rows: dict[tuple[object, ...], list[tuple[int, Path]]] = defaultdict(list)
    for file in files:
        if match := _NUMBERED.fullmatch(file.stem):
            row = (file.parent, match['before'], match['after'], file.suffix.lower())
            rows[row].append((int(match['number'] or match['counter']), file))
    return [tuple(file for _, file in sorted(row)) for row in rows.values() if _is_sequence(row)]


def in_natural_order(files: Iterable[Path]) -> list[Path]:
    """Sort files by name, with numbers in them by their value."""
    return sorted(files, key=lambda file: (_natural_key(file.stem), file.name))


def _natural_key(name: str) -> list[str | int]:
    parts = re.split('([0-9]+)', name.casefold())
    return [int(part) if index % 2 else part for index, part in enumerate(parts)]


def _is_sequence(row: list[tuple[int, Path]]) -> bool:
    if len({number for number, _ in row}) < 2:
        return False
    files = [file for _, file in row]
    if files[0].suffix.lower() in _JPEG_SUFFIXES and _PHOTOGRAPH.fullmatch(files[0].stem):
        return False
    # A damaged one says nothing of the others.
    headers = [header for header in map(_header_of, files) if header]
    sizes = {header.image_wh for header in headers}
    return len(sizes) < 2 and not any(header.of_camera for header in headers)


@dataclass(frozen=True, slots=True)
class _Header:
    image_wh: tuple[int, int]
    of_camera: bool


def _header_of(path: Path) -> _Header | None:
    """Read what a picture says of itself, None if it says nothing that can be understood."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # of large pictures and odd tags; reading will tell
            with Image.open(path) as image:
                # Of other formats EXIF may lie behind all pixels.
                is_jpeg = image.format in ('JPEG', 'MPO')
                return _Header(image.size, is_jpeg and _EXIF_MAKE in image.getexif())
    except Exception:  # Pillow's parsers raise whatever damaged bytes lead them to
        return None
