"""The search's native parts against their formulas in plain numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from native_calls import assert_other_shapes_are_refused

from facemesh_ros import native

seeds = st.integers(0, 2**32 - 1).map(np.random.default_rng)
GRID = {'x': 40, 'y': 20, 'cell': 8, 'max_change': 10}


@given(seeds, st.integers(0, 4), st.integers(0, 4), st.booleans())
def test_overlaps_are_those_of_numpy(random, count, others, small):
    """To the last bit, of boxes that are empty or turned inside out too."""
    span = 3 if small else 500
    boxes, more = random.integers(0, span, (2, 4, 4)).astype(np.float32)
    boxes, more = boxes[:count], more[:others]
    iou, containment = native.overlaps(boxes, more)
    low = np.maximum(boxes[:, None, :2], more[:, :2])
    high = np.minimum(boxes[:, None, 2:], more[:, 2:])
    shared = np.maximum(high - low, 0).prod(axis=2)
    areas, others_px = (
        np.maximum(some[:, 2:] - some[:, :2], 0).prod(axis=1) for some in (boxes, more)
    )
    least = np.finfo(np.float32).smallest_subnormal
    union = np.maximum(areas[:, None] + others_px - shared, least)
    assert np.array_equal(iou, shared / union)
    smaller = np.maximum(np.minimum(areas[:, None], others_px), least)
    assert np.array_equal(containment, shared / smaller)


@given(seeds, st.sampled_from([(), (1,), (3,)]), st.integers(0, 2))
def test_cells_differ_where_no_box_is(random, channels, count):
    cells = random.integers(0, 256, (5, 6, *channels), np.uint8)
    others = cells.copy()
    row, column = random.integers(0, 5), random.integers(0, 6)
    change = int(random.integers(1, 21))
    changed = cells[row, column].astype(int) + change
    others[row, column] = np.where(changed > 255, cells[row, column].astype(int) - change, changed)
    corner = random.uniform(30, 80, (count, 2))
    boxes = np.concatenate([corner, corner + 20], axis=1).astype(np.float32)
    x, y = 40 + 8 * (column + 0.5), 20 + 8 * (row + 0.5)
    is_known = any(
        x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in boxes.astype(float).tolist()
    )
    expected = change > GRID['max_change'] and not is_known
    assert native.cells_differ(cells, others, boxes, **GRID) == expected


@given(seeds, st.integers(-1, 256), st.booleans())
def test_values_above_a_level_are_counted_in_any_layout(random, level, has_channels):
    image = random.integers(0, 256, (20, 30, 4), np.uint8)
    seen = image[1::3, 2:-3:4, :3] if has_channels else image[1::3, 2:-3:4, 1]
    assert native.count_above(seen, level) == np.count_nonzero(seen > level)


def calls():
    """Return functions, each with arrays that fit."""
    boxes, cells = np.ones((3, 4), np.float32), np.ones((5, 6, 3), np.uint8)
    return [
        (native.overlaps, {'boxes': boxes, 'others': boxes}),
        (native.cells_differ, {'cells': cells, 'others': cells, 'boxes': boxes, **GRID}),
        (native.count_above, {'values': cells, 'level': 3}),
    ]


@pytest.mark.parametrize('call', calls(), ids=lambda call: call[0].__name__)
def test_arrays_of_other_shapes_are_refused(call):
    assert_other_shapes_are_refused(*call)
