"""Overlaps of boxes, against counted pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.geometry.boxes import (
    box_centres,
    box_sizes,
    overlaps,
    tight_boxes,
)

pytestmark = pytest.mark.filterwarnings('error')

SIDE = 14
numbers = st.integers(0, SIDE)
# May be empty, or even inside out: then they cover no pixel.
boxes = st.lists(st.tuples(numbers, numbers, numbers, numbers), max_size=5).map(
    lambda rows: np.float32(rows).reshape(-1, 4)
)


def covered(box) -> np.ndarray:
    """The pixels that a box covers."""
    x0, y0, x1, y1 = (int(number) for number in box)
    pixels = np.zeros((SIDE, SIDE), bool)
    pixels[y0:y1, x0:x1] = True
    return pixels


@given(boxes, boxes)
def test_intersection_over_union_is_that_of_the_covered_pixels(some, others):
    iou, _ = overlaps(some, others)
    assert iou.shape == (len(some), len(others))
    for row, one in zip(iou, some, strict=True):
        for overlap, other in zip(row, others, strict=True):
            union = (covered(one) | covered(other)).sum()
            shared = (covered(one) & covered(other)).sum()
            assert overlap == pytest.approx(shared / union if union else 0, abs=1e-6)


@given(boxes, boxes)
def test_containment_is_the_part_of_the_smaller_ones_pixels(some, others):
    _, parts = overlaps(some, others)
    assert parts.shape == (len(some), len(others))
    for row, one in zip(parts, some, strict=True):
        for part, other in zip(row, others, strict=True):
            smaller = min(covered(one).sum(), covered(other).sum())
            shared = (covered(one) & covered(other)).sum()
            assert part == pytest.approx(shared / smaller if smaller else 0, abs=1e-6)


def test_a_box_within_another_is_contained_though_they_hardly_overlap():
    small, large = np.float32([[40, 40, 50, 50]]), np.float32([[0, 0, 100, 100]])
    iou, containment = overlaps(small, large)
    assert iou[0, 0] == pytest.approx(0.01)
    assert containment[0, 0] == overlaps(large, small)[1][0, 0] == 1


def test_centres_and_sizes_by_hand():
    some = np.float32([[0, 0, 40, 10], [-5, 3, 5, 13]])
    assert box_centres(some).tolist() == [[20, 5], [0, 8]]
    assert box_sizes(some).tolist() == [20, 10]


def test_an_empty_box_has_a_size_that_one_can_divide_by():
    assert box_sizes(np.float32([[7, 7, 7, 7], [9, 9, 2, 2]])).tolist() == [1, 1]


def test_boxes_are_tight_around_points_whatever_their_depth():
    points = np.float32([[(3, 9, 50), (-2, 4, -70), (8, 5, 0)]])
    assert tight_boxes(points).tolist() == [[-2, 4, 8, 9]]
    assert tight_boxes(np.empty((0, 468, 3), np.float32)).shape == (0, 4)
