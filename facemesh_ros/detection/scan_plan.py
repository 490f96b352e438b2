"""Where to look for faces, and in which order: one sweep over an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import TypeVar

from facemesh_ros.catalog.model_specs import DetectorSpec
from facemesh_ros.geometry.affine import letterbox_roi
from facemesh_ros.geometry.tiles import rotate_quarter_turns, tile_levels
from facemesh_ros.types import Rois

# The smallest face in px of the image that closer looks are for. Smaller ones have too few pixels
# for landmarks.
SMALLEST_FACE_PX = 24
# A look at larger tiles after so many at smaller ones, at least.
COARSER_EVERY = 8
QUARTER_TURNS = {'upright': (0,), 'all': (0, 1, 2, 3)}

Item = TypeVar('Item')


@dataclass(frozen=True, slots=True, eq=False)
class DetectionWindow:
    """One region and who looks at it.

    Attributes:
        detectors: Names of the detectors, one after the other.
        region: The one region; None for the whole image, upright.
    """

    detectors: tuple[str, ...]
    region: Rois | None


@dataclass(frozen=True, slots=True, eq=False)
class ScanPlan:
    """All looks at an image.

    Attributes:
        first: At the whole image, upright; comes again and again between the others.
        rest: Closer looks and those at the turned image, so ordered that any part of them is
            spread over sizes.
    """

    first: DetectionWindow
    rest: tuple[DetectionWindow, ...]

    def in_turn(self, between: int) -> list[DetectionWindow]:
        """Return all looks in order, the first one again after every `between` others or less.

        It comes at least twice, so that a short sweep may take as long as a long one, and evenly:
        a few of the others come again where their number does not divide.
        """
        count = max(2, -(-len(self.rest) // between), len(self.rest) // COARSER_EVERY)
        others, length = cycle(self.rest), -(-len(self.rest) // count)
        return [look for _ in range(count) for look in (self.first, *islice(others, length))]


def plan_scan(
    image_wh: tuple[int, int],
    detectors: Sequence[str],
    tile_detector: tuple[str, DetectorSpec] | None,
    rotations: str,
) -> ScanPlan:
    """Plan the looks at images of one size.

    Args:
        image_wh: Image width and height in px.
        detectors: Who looks at the whole image.
        tile_detector: Who looks at its tiles; None if nobody does.
        rotations: 'upright' or 'all', which looks for heads on their side and upside down too.
    """
    first = DetectionWindow(tuple(detectors), None)
    wholes, tiles = [], []
    for turns in QUARTER_TURNS[rotations]:
        if turns:
            wholes.append(
                DetectionWindow(
                    first.detectors, rotate_quarter_turns(letterbox_roi(image_wh), turns)
                )
            )
        if tile_detector:
            tiles += _closer_looks(image_wh, *tile_detector, turns)
    return ScanPlan(first, tuple(_spread(wholes, tiles)))


def _closer_looks(
    image_wh: tuple[int, int], detector: str, spec: DetectorSpec, turns: int
) -> list[DetectionWindow]:
    looks: list[DetectionWindow] = []
    for level in reversed(tile_levels(image_wh, SMALLEST_FACE_PX / spec.smallest_face)):
        regions = [
            rotate_quarter_turns(level[index : index + 1], turns) for index in range(len(level))
        ]
        looks = _spread([DetectionWindow((detector,), region) for region in regions], looks)
    return looks


def _spread(sparse: list[Item], dense: list[Item]) -> list[Item]:
    """Insert all of `sparse` evenly into `dense`, again and again where that is long."""
    if not sparse:
        return dense
    count = max(len(sparse), len(dense) // COARSER_EVERY)
    merged: list[Item] = []
    for index, item in enumerate(islice(cycle(sparse), count)):
        start, end = (len(dense) * (index + more) // count for more in (0, 1))
        merged += [item, *dense[start:end]]
    return merged
