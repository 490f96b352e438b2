"""What becomes of landmarks and crops, natively, against the formulas in plain numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from native_calls import assert_other_shapes_are_refused

from facemesh_ros import native

seeds = st.integers(0, 2**32 - 1).map(np.random.default_rng)
EYES = {'right_eye': 0, 'left_eye': 1, 'scale': 1.5}


@given(seeds, st.integers(0, 3), st.sampled_from([2, 3]))
def test_boxes_are_those_of_numpy(random, faces, axes):
    points = random.normal(0, 100, (faces, 9, axes)).astype(np.float32)
    xy = points[..., :2]
    expected = np.concatenate([xy.min(axis=1), xy.max(axis=1)], axis=1)
    assert np.array_equal(native.tight_boxes(points), expected)


@pytest.mark.parametrize('landmark', [0, 4, 8])
def test_a_landmark_that_is_no_number_makes_its_box_none(landmark):
    points = np.ones((2, 9, 3), np.float32)
    points[1, landmark, 0] = np.nan
    box, damaged = native.tight_boxes(points)
    assert box.tolist() == [1, 1, 1, 1]
    assert np.array_equal(np.isnan(damaged), [True, False, True, False])


@given(seeds, st.integers(0, 3), st.sampled_from([128, 192, 256]))
def test_maps_from_crops_follow_their_formula(random, count, size):
    centres, sizes_wh = random.uniform(1, 900, (2, count, 2)).astype(np.float32)
    angles_rad = random.uniform(-4, 4, count).astype(np.float32)
    maps = native.image_from_crop(centres, sizes_wh, angles_rad, size)
    cos, sin = np.cos(angles_rad, dtype=float), np.sin(angles_rad, dtype=float)
    turns = np.stack([np.stack([cos, -sin], axis=1), np.stack([sin, cos], axis=1)], axis=1)
    linear = turns * (sizes_wh.astype(float)[:, None] / size)
    assert np.array_equal(maps[:, :, :2], linear)
    offsets = centres - linear @ np.full(2, size / 2)
    np.testing.assert_allclose(maps[:, :, 2], offsets, rtol=0, atol=1e-12)


@given(seeds)
def test_rois_are_moved_by_their_offsets(random):
    points = random.normal(300, 50, (3, 9, 3)).astype(np.float32)
    offsets = random.normal(size=(3, 2))
    centres, *others = native.rois_from_landmarks(points, None, **EYES)
    moved, *same = native.rois_from_landmarks(points, offsets, **EYES)
    assert np.array_equal(moved, (centres + offsets).astype(np.float32))
    for one, other in zip(others, same, strict=True):
        assert np.array_equal(one, other)


def calls():
    """Return functions, each with arrays that fit."""
    points, pairs = np.ones((3, 9, 3), np.float32), np.ones((3, 2), np.float32)
    crops = {'centres': pairs, 'sizes_wh': pairs, 'rotations_rad': np.ones(3, np.float32)}
    return [
        (native.tight_boxes, {'landmarks': points}),
        (native.rois_from_landmarks, {'landmarks': points, 'offsets': np.ones((3, 2)), **EYES}),
        (native.image_from_crop, {**crops, 'input_size': 192}),
    ]


@pytest.mark.parametrize('call', calls(), ids=lambda call: call[0].__name__)
def test_arrays_of_other_shapes_are_refused(call):
    assert_other_shapes_are_refused(*call)
