"""Tiles: overlapping squares that cover an image in ever smaller sizes, for small faces."""

from __future__ import annotations

import math

import numpy as np

from facemesh_ros.types import Float32, Rois

# Ratio of the sides of two levels of tiles, at most about this.
MAX_STEP = 3.0
# Share of their side by which neighbours overlap, so that a face which is too small for the next
# larger level lies whole in one of them.
TILE_OVERLAP = 0.22
# A further row for the last few pixels is not worth its cost; the tiles grow by up to this share.
TILE_GROWTH = 0.3


def tile_levels(image_wh: tuple[int, int], smallest_side: float) -> list[Rois]:
    """Cover an image by square tiles of ever smaller size.

    n tiles of side s with overlap o cover a length of s (n − (n − 1) o).

    Args:
        image_wh: Image width and height in px.
        smallest_side: Side of the tiles of the last level in px, about: they fit the image.

    Returns:
        The levels, large tiles first, each in reading order; none if the whole image is about as
        small as the smallest tile.

    Example: one level of 3 x 2 tiles.
        >>> [tiles.sizes_wh[0].round().tolist() for tiles in tile_levels((640, 480), 240)]
        [[270.0, 270.0]]
    """
    longest = max(image_wh)
    count = math.ceil(
        math.log(max(longest / (smallest_side * (1 + TILE_GROWTH)), 1)) / math.log(MAX_STEP)
    )
    step = (smallest_side / longest) ** (1 / max(count, 1))
    return [_tiles(image_wh, longest * step**level) for level in range(1, count + 1)]


def _tiles(image_wh: tuple[int, int], wanted_side: float) -> Rois:
    side, counts = wanted_side, [0, 0]
    # Tiles that grow to fit one axis may need fewer along the other.
    while (fewer := [_count(length, side) for length in image_wh]) != counts:
        counts = fewer
        side = _fitting_side(image_wh, counts)
    xs, ys = (_centres(*fit, side) for fit in zip(image_wh, counts, strict=True))
    centres = np.stack([grid.ravel() for grid in np.meshgrid(xs, ys)], axis=1)
    return Rois(centres, np.full_like(centres, side), np.zeros(len(centres), np.float32))


def _count(length: int, side: float) -> int:
    return max(1, math.ceil((length / side - TILE_OVERLAP) / (1 - TILE_OVERLAP) - TILE_GROWTH))


def _fitting_side(image_wh: tuple[int, int], counts: list[int]) -> float:
    """Return the side of tiles that overlap enough with so many along each axis."""
    fits = zip(image_wh, counts, strict=True)
    return max(length / (count - (count - 1) * TILE_OVERLAP) for length, count in fits)


def _centres(length: int, count: int, side: float) -> Float32:
    if count == 1:
        return np.array([length / 2], np.float32)
    return np.linspace(side / 2, length - side / 2, count, dtype=np.float32)


def rotate_quarter_turns(region: Rois, quarter_turns: int) -> Rois:
    """Return the same square as seen by a camera rotated clockwise by quarter turns."""
    rotations = region.rotations_rad + np.float32(quarter_turns * math.pi / 2)
    return Rois(region.centres, region.sizes_wh, rotations)
