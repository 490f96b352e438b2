"""The lines of the recall tables, from what was seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from measuring.sightings import Sighting

WITHIN_IMAGES = 10


@dataclass(frozen=True)
class SizeRange:
    """Sizes of faces that share a column: from `low_px` to less than `high_px`."""

    name: str
    low_px: float
    high_px: float


RANGES = (
    SizeRange('under 20', 0, 20),
    SizeRange('20 to 32', 20, 32),
    SizeRange('32 to 48', 32, 48),
    SizeRange('48 to 80', 48, 80),
    SizeRange('80 and more', 80, inf),
)


@dataclass(frozen=True)
class Share:
    """Some of some faces.

    Attributes:
        size: Which sizes, for people.
        found: How many were found.
        there: Of how many.
    """

    size: str
    found: int
    there: int


@dataclass(frozen=True)
class Tail:
    """Where durations lie, ms."""

    median: float
    p95: float
    largest: float


@dataclass(frozen=True)
class Cost:
    """What an image takes: time, and processor time of all threads together."""

    wall_ms: Tail
    cpu_ms: Tail


@dataclass(frozen=True)
class RecallRow:
    """A side on pictures, each by itself.

    Attributes:
        side: Name of the finder.
        group: Which kind of pictures.
        by_size: Faces by size.
        total: All faces.
        pictures: How many pictures.
        false_faces: In all of them.
        empty_pictures: How many of them have no face.
        false_in_empty: In those.
        cost: Of a picture.
    """

    side: str
    group: str
    by_size: list[Share]
    total: Share
    pictures: int
    false_faces: int
    empty_pictures: int
    false_in_empty: int
    cost: Cost


@dataclass(frozen=True)
class StreamRow:
    """A side on a stream that shows one picture again and again.

    Attributes:
        side: Name of the finder.
        group: Which kind of pictures.
        size: Of the faces.
        there: How many faces.
        at_once: How many were found in the first image.
        soon: How many in the first `WITHIN_IMAGES`.
        ever: How many at all.
        median_image: In which image half of all faces were found, None if fewer ever were.
        last_image: In which image the last of those found was found, None without any.
        false_per_image: False faces per image.
        cost: Of an image.
    """

    side: str
    group: str
    size: str
    there: int
    at_once: int
    soon: int
    ever: int
    median_image: int | None
    last_image: int | None
    false_per_image: float
    cost: Cost


def recall_row(sightings: Sequence[Sighting], ranges: Sequence[SizeRange]) -> RecallRow:
    """Return the row for what one side saw in the pictures of one group."""
    faces = [face for one in sightings for face in _found(one)]
    empty = [one for one in sightings if not one.sizes_px]
    return RecallRow(
        sightings[0].side,
        sightings[0].group,
        [
            _share(one.name, [found for size, found in faces if one.low_px <= size < one.high_px])
            for one in ranges
        ],
        _share('all', [found for _, found in faces]),
        len(sightings),
        _false_faces(sightings),
        len(empty),
        _false_faces(empty),
        _cost(sightings),
    )


def _found(sighting: Sighting) -> Iterator[tuple[float, bool]]:
    """Yield size of each face that should be found, and whether it was, in the last image."""
    result = sighting.looks[-1].comparison.found
    for size, found, optional in zip(sighting.sizes_px, result, sighting.optional, strict=True):
        if not optional:
            yield size, found


def _share(size: str, found: Sequence[bool]) -> Share:
    return Share(size, sum(found), len(found))


def _false_faces(sightings: Sequence[Sighting]) -> int:
    return sum(len(look.comparison.false_boxes) for one in sightings for look in one.looks)


def _cost(sightings: Sequence[Sighting]) -> Cost:
    looks = [look for one in sightings for look in one.looks]
    return Cost(_tail([look.wall_ms for look in looks]), _tail([look.cpu_ms for look in looks]))


def _tail(durations_ms: Sequence[float]) -> Tail:
    median, p95, largest = np.percentile(durations_ms, (50, 95, 100)).tolist()
    return Tail(median, p95, largest)


def stream_row(sightings: Sequence[Sighting], size: str) -> StreamRow:
    """Return the row for what one side saw in streams of faces of one size."""
    firsts = sorted(first for one in sightings for first in _first_images(one))
    there = len(firsts)
    seen = [int(first) for first in firsts if first < inf]
    half = firsts[(there - 1) // 2] if there else inf
    return StreamRow(
        sightings[0].side,
        sightings[0].group,
        size,
        there,
        sum(first == 1 for first in seen),
        sum(first <= WITHIN_IMAGES for first in seen),
        len(seen),
        int(half) if half < inf else None,
        seen[-1] if seen else None,
        _false_faces(sightings) / sum(len(one.looks) for one in sightings),
        _cost(sightings),
    )


def _first_images(sighting: Sighting) -> Iterator[float]:
    """Yield in which image, 1 and up, each face was found first; infinity if never."""
    for face in range(len(sighting.sizes_px)):
        found = [look.comparison.found[face] for look in sighting.looks]
        yield found.index(True) + 1 if any(found) else inf
