"""Scan plan: the detection windows of one image size, and their order."""

from __future__ import annotations

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
    """All detection windows of an image.

    Attributes:
        whole_image: The upright pass over the whole image, repeated between the others.
        others: Tiles and rotated windows, ordered so that any part of them has all sizes.
    """

    whole_image: DetectionWindow
    others: tuple[DetectionWindow, ...]

    def interleaved(self, others_between: int) -> list[DetectionWindow]:
        """Return all windows, a whole image pass before every `others_between` others or fewer.

        There are at least two passes, so that a short scan may take as long as a long one, and
        they are evenly spaced: some of the others are repeated where their number does not divide.
        """
        count = len(self.others)
        passes = max(2, -(-count // others_between), count // COARSER_EVERY)
        others, length = cycle(self.others), -(-count // passes)
        return [
            window for _ in range(passes) for window in (self.whole_image, *islice(others, length))
        ]


def plan_scan(
    image_wh: tuple[int, int],
    detectors: Sequence[str],
    tile_detector: tuple[str, DetectorSpec] | None,
    rotations: str,
) -> ScanPlan:
    """Plan the detection windows of one image size.

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
    whole_image = DetectionWindow(tuple(detectors), None)
    rotated, tiles = [], []
    for turns in QUARTER_TURNS[rotations]:
        if turns:
            region = rotate_quarter_turns(letterbox_roi(image_wh), turns)
            rotated.append(DetectionWindow(whole_image.detectors, region))
        if tile_detector:
            tiles += _tile_windows(image_wh, *tile_detector, turns)
    return ScanPlan(whole_image, tuple(_interleave(rotated, tiles)))


def _tile_windows(
    image_wh: tuple[int, int], detector: str, spec: DetectorSpec, turns: int
) -> list[DetectionWindow]:
    windows: list[DetectionWindow] = []
    for level in reversed(tile_levels(image_wh, MIN_FACE_PX / spec.smallest_face)):
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
