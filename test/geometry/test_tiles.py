"""Tiles: no small face may fall between two of them, and there are no more than it takes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from facemesh_ros.geometry.affine import image_from_crop, letterbox_roi, transform_points
from facemesh_ros.geometry.tiles import TILE_OVERLAP, rotate_quarter_turns, tile_levels
from facemesh_ros.types import Rois

lengths = st.integers(1, 4000)
sizes_wh = st.tuples(lengths, lengths)
smallest_sides = st.floats(150, 600)
parts = st.floats(0, 1)


def extents(tiles: Rois) -> tuple[np.ndarray, np.ndarray]:
    half = tiles.sizes_wh.astype(float) / 2
    return tiles.centres - half, tiles.centres + half


@given(sizes_wh, smallest_sides, parts, parts, parts)
def test_a_box_as_large_as_the_overlap_lies_whole_in_a_tile(wh, smallest, x, y, size):
    for tiles in tile_levels(wh, smallest):
        box_wh = np.minimum(size * TILE_OVERLAP * tiles.sizes_wh[0], wh)
        low = np.array([x, y]) * (wh - box_wh)
        starts, ends = extents(tiles)
        # A thousandth of a pixel for float32.
        holds = (starts <= low + 1e-3) & (ends >= low + box_wh - 1e-3)
        assert holds.all(axis=1).any()


@pytest.mark.parametrize('wh', [(2048, 1536), (1440, 1080), (1600, 1200), (2448, 2048)])
def test_rows_overlap_where_the_columns_leave_little_room(wh):
    for tiles in tile_levels(wh, 273):
        side = tiles.sizes_wh[0, 0]
        for axis in (0, 1):
            steps = np.diff(np.unique(tiles.centres[:, axis]))
            assert (side - steps >= TILE_OVERLAP * side - 1e-2).all()


@given(sizes_wh, smallest_sides)
def test_tiles_reach_every_border_and_leave_none_out_of_the_image_on_both_sides(wh, smallest):
    for tiles in tile_levels(wh, smallest):
        starts, ends = extents(tiles)
        assert (starts.min(axis=0) <= 1e-3).all()
        assert (ends.max(axis=0) >= np.subtract(wh, 1e-3)).all()
        # A tile is longer than an axis only where it is alone along that axis.
        over = (starts < -1e-2) | (ends > np.add(wh, 1e-2))
        assert (np.ptp(tiles.centres[:, over.any(axis=0)], axis=0) == 0).all()


@given(sizes_wh, smallest_sides)
@example((195, 2392), 158.0)
def test_with_a_row_less_they_would_not_overlap_enough(wh, smallest):
    for tiles in tile_levels(wh, smallest):
        counts = [len(np.unique(tiles.centres[:, axis])) for axis in (0, 1)]
        assert len(tiles) == counts[0] * counts[1]
        for length, count in zip(wh, counts, strict=True):
            if count > 1:
                reach = tiles.sizes_wh[0, 0] * (1 + (count - 2) * (1 - TILE_OVERLAP))
                assert reach < length


@given(sizes_wh, smallest_sides)
def test_levels_go_from_large_squares_down_to_about_the_smallest(wh, smallest):
    levels = tile_levels(wh, smallest)
    sides = [max(wh)]
    for tiles in levels:
        assert (tiles.sizes_wh == tiles.sizes_wh[0, 0]).all()
        assert (tiles.rotations_rad == 0).all()
        sides.append(float(tiles.sizes_wh[0, 0]))
    assert (np.diff(sides) <= 0).all()
    # Tiles grow by a half at most to fit the image, or shrink by a third.
    assert sides[-1] <= 1.5 * smallest
    if levels:
        assert sides[-1] >= smallest / 1.5


@given(sizes_wh, st.floats(1, 3))
def test_an_image_no_larger_than_the_smallest_tile_needs_none(wh, times):
    assert tile_levels(wh, times * max(wh)) == []


def test_tiles_come_in_reading_order():
    (tiles,) = tile_levels((640, 480), 273)
    centres = tiles.centres.tolist()
    assert centres == sorted(centres, key=lambda centre: (centre[1], centre[0]))
    assert len(centres) == 3 * 2


def test_the_whole_image_is_the_square_around_it():
    region = letterbox_roi((640, 480))
    assert region.centres.tolist() == [[320, 240]]
    assert region.sizes_wh.tolist() == [[640, 640]]


# Rotated clockwise by a quarter turn, a camera has the scene's top right corner at its top left.
@pytest.mark.parametrize(
    ('quarter_turns', 'corners'),
    [
        (0, [(10, 20), (110, 20), (110, 120), (10, 120)]),
        (1, [(110, 20), (110, 120), (10, 120), (10, 20)]),
        (2, [(110, 120), (10, 120), (10, 20), (110, 20)]),
        (3, [(10, 120), (10, 20), (110, 20), (110, 120)]),
        (-1, [(10, 120), (10, 20), (110, 20), (110, 120)]),
    ],
)
def test_where_the_corners_of_a_rotated_view_are(quarter_turns, corners):
    square = Rois(np.float32([[60, 70]]), np.float32([[100, 100]]), np.zeros(1, np.float32))
    view = rotate_quarter_turns(square, quarter_turns)
    assert view.rotations_rad.dtype == np.float32
    clockwise_from_top_left = np.float32([[(0, 0), (1, 0), (1, 1), (0, 1)]])
    seen = transform_points(image_from_crop(view, 1), clockwise_from_top_left)
    assert seen[0] == pytest.approx(np.array(corners), abs=1e-3)
