"""Scan plans: the detection windows of one image size, of a picture and of a stream."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import TypeVar

from facemesh_ros.catalog.model_entry import DetectorSpec
from facemesh_ros.geometry.affine import letterbox_roi
from facemesh_ros.geometry.tiles import rotate_quarter_turns, tile_levels
from facemesh_ros.types import Rois

# The smallest face in px of the image that tiles are for. Smaller ones have too few pixels for
# landmarks.
MIN_FACE_PX = 24
# A window of a coarser level comes after so many of the finer ones, at least.
COARSER_EVERY = 8
# Streams are searched by larger tiles than pictures: faces of MIN_FACE_PX have so much of the size
# that the detector detects well. Measured on full range, faces of 24 px with the candidates that
# are confirmed: 0.71 in QUICK tiles, 0.9 in CAREFUL ones, 0.96 in those of a picture, but 8 and 15
# tiles cover 1280x720 instead of 28.
QUICK_SHARE, CAREFUL_SHARE = 0.65, 0.77
GOLDEN = (3 - math.sqrt(5)) / 2
QUARTER_TURNS = {'upright': (0,), 'all': (0, 1, 2, 3)}

Item = TypeVar('Item')


@dataclass(frozen=True, slots=True, eq=False)
class DetectionWindow:
    """One region and the detectors that run on it.

    Attributes:
        detectors: Their names.
        region: One ROI; None for the whole image, upright.
    """

    detectors: tuple[str, ...]
    region: Rois | None

    def side(self, image_wh: tuple[int, int]) -> float:
        """Return the side of the square that the detectors see, px."""
        return max(image_wh) if self.region is None else float(self.region.sizes_wh[0, 0])


@dataclass(frozen=True, slots=True, eq=False)
class ScanPlan:
    """All detection windows of a picture.

    Attributes:
        whole_image: The upright pass over the whole image.
        others: Tiles and rotated windows.
    """

    whole_image: DetectionWindow
    others: tuple[DetectionWindow, ...]


@dataclass(frozen=True, slots=True, eq=False)
class StreamPlan:
    """The detection windows of the images of a stream, in the order in which they are searched.

    Attributes:
        full_pass: All detectors on the whole image, upright.
        pass_: The detector on it that detects the smallest faces, and nearly all others too.
        quick: Few windows that cover the image, rotated ones of the whole image among them.
        careful: Smaller tiles, for faces that are not detected in large ones.
    """

    full_pass: DetectionWindow
    pass_: DetectionWindow
    quick: tuple[DetectionWindow, ...]
    careful: tuple[DetectionWindow, ...]


def plan_scan(
    image_wh: tuple[int, int],
    detectors: Sequence[str],
    tile_detector: tuple[str, DetectorSpec] | None,
    rotations: str,
) -> ScanPlan:
    """Plan the detection windows of a picture.

    Args:
        image_wh: Image width and height in px.
        detectors: Names of those that run on the whole image.
        tile_detector: The one that runs on tiles; None for no tiles.
        rotations: 'upright', or 'all' for windows at quarter turns too, which show heads on their
            side and upside down.

    Example: a VGA image has a whole image pass and 3 x 2 tiles.
        >>> spec = DetectorSpec(((4, 1),), 0.1, 4)
        >>> plan = plan_scan((640, 480), ['full_range'], ('full_range', spec), 'upright')
        >>> len(plan.others), {round(window.side((640, 480))) for window in plan.others}
        (6, {270})
    """
    rotated = _rotated_windows(image_wh, detectors, rotations)
    tiles = _tile_windows(image_wh, tile_detector, rotations, 1.0)
    return ScanPlan(DetectionWindow(tuple(detectors), None), tuple(_interleave(rotated, tiles)))


def plan_stream(
    image_wh: tuple[int, int],
    detectors: Sequence[str],
    tile_detector: tuple[str, DetectorSpec] | None,
    rotations: str,
) -> StreamPlan:
    """Plan the detection windows of a stream; arguments as for `plan_scan`.

    Example: a 1280x720 image has 4 x 2 large tiles and 5 x 3 small ones.
        >>> spec = DetectorSpec(((4, 1),), 0.1, 4)
        >>> plan = plan_stream((1280, 720), ['full_range'], ('full_range', spec), 'upright')
        >>> len(plan.quick), len(plan.careful)
        (8, 17)
    """
    usual = (tile_detector[0],) if tile_detector else tuple(detectors)
    rotated = _rotated_windows(image_wh, usual, rotations)
    quick = _tile_windows(image_wh, tile_detector, rotations, QUICK_SHARE)
    return StreamPlan(
        DetectionWindow(tuple(detectors), None),
        DetectionWindow(usual, None),
        tuple(_spread(_interleave(rotated, quick))),
        tuple(_spread(_tile_windows(image_wh, tile_detector, rotations, CAREFUL_SHARE))),
    )


def _spread(items: Sequence[Item]) -> list[Item]:
    """Return all items in steps of about the golden section, so that neighbours are far apart.

    What two tiles show is then searched twice in a round, not at once and then long not at all.
    """
    count = len(items)
    step = next(
        (step for step in range(round(GOLDEN * count), count) if math.gcd(step, count) == 1), 1
    )
    return [items[index * step % count] for index in range(count)]


def _rotated_windows(
    image_wh: tuple[int, int], detectors: Sequence[str], rotations: str
) -> list[DetectionWindow]:
    """Return the whole image at the quarter turns that are not upright."""
    upright = letterbox_roi(image_wh)
    return [
        DetectionWindow(tuple(detectors), rotate_quarter_turns(upright, turns))
        for turns in QUARTER_TURNS[rotations]
        if turns
    ]


def _tile_windows(
    image_wh: tuple[int, int],
    tile_detector: tuple[str, DetectorSpec] | None,
    rotations: str,
    share: float,
) -> list[DetectionWindow]:
    """Return the tiles in which the smallest faces have a share of the size that detects well."""
    if not tile_detector:
        return []
    detector, spec = tile_detector
    levels = tile_levels(image_wh, MIN_FACE_PX / (spec.smallest_face * share))
    return [
        window
        for turns in QUARTER_TURNS[rotations]
        for window in _turned_tiles(levels, detector, turns)
    ]


def _turned_tiles(levels: Sequence[Rois], detector: str, turns: int) -> list[DetectionWindow]:
    windows: list[DetectionWindow] = []
    for level in reversed(levels):
        tiles = [
            rotate_quarter_turns(level[index : index + 1], turns) for index in range(len(level))
        ]
        windows = _interleave([DetectionWindow((detector,), tile) for tile in tiles], windows)
    return windows


def _interleave(sparse: list[Item], dense: list[Item]) -> list[Item]:
    """Insert all of `sparse` evenly into `dense`, repeatedly where that is long."""
    if not sparse:
        return dense
    count = max(len(sparse), len(dense) // COARSER_EVERY)
    merged: list[Item] = []
    for index, item in enumerate(islice(cycle(sparse), count)):
        start, end = (len(dense) * (index + more) // count for more in (0, 1))
        merged += [item, *dense[start:end]]
    return merged
