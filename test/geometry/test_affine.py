"""Regions of the image and what their crops make of points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.geometry.affine import (
    image_from_crop,
    letterbox_roi,
    rotations_from_angles,
    transform_points,
)
from facemesh_ros.types import Rois

positions = st.floats(-5000, 5000, width=32)
lengths = st.floats(1, 5000, width=32)
angles = st.floats(-7, 7, width=32)
sides = st.integers(1, 8000)


def roi(centre=(0, 0), size_wh=(100, 100), rotation_rad=0.0) -> Rois:
    return Rois(np.float32([centre]), np.float32([size_wh]), np.float32([rotation_rad]))


def inverse(maps: np.ndarray) -> np.ndarray:
    linear = np.linalg.inv(maps[:, :, :2])
    return np.concatenate([linear, -linear @ maps[:, :, 2:]], axis=2)


@given(
    st.tuples(positions, positions),
    st.tuples(lengths, lengths),
    angles,
    st.integers(1, 512),
    st.tuples(positions, positions),
)
def test_crop_to_image_and_back_is_where_it_began(centre, size_wh, angle, input_size, point):
    maps = image_from_crop(roi(centre, size_wh, angle), input_size)
    points = np.float64([[point]])
    back = transform_points(inverse(maps), transform_points(maps, points))
    # A crop one pixel wide on an image thousands away loses digits of float64, never of a pixel.
    assert back == pytest.approx(points, abs=1e-4)


@given(st.tuples(positions, positions), st.tuples(lengths, lengths), angles)
def test_corners_of_the_roi_are_corners_of_the_crop(centre, size_wh, angle):
    maps = image_from_crop(roi(centre, size_wh, angle), 192)
    cos, sin = np.cos(angle), np.sin(angle)
    for x, y in ((0, 0), (0, 1), (1, 0), (1, 1), (0.5, 0.5)):
        right, down = (x - 0.5) * size_wh[0], (y - 0.5) * size_wh[1]
        expected = centre + np.array([right * cos - down * sin, right * sin + down * cos])
        found = transform_points(maps, np.float64([[[192 * x, 192 * y]]]))
        assert found[0, 0] == pytest.approx(expected, abs=1e-2)


def test_a_positive_rotation_is_clockwise_on_screen():
    quarter = image_from_crop(roi(rotation_rad=np.pi / 2), 100)[0, :, :2]
    right, down = np.array([1, 0]), np.array([0, 1])
    assert quarter @ right == pytest.approx(down, abs=1e-6)
    assert quarter @ down == pytest.approx(-right, abs=1e-6)


def test_the_rotation_comes_before_the_translation_and_after_the_scale():
    maps = image_from_crop(roi((300, 200), (80, 40), np.pi / 2), 10)
    # The crop's right end is half the ROI's width below its centre.
    assert transform_points(maps, np.float64([[[10, 5]]]))[0, 0] == pytest.approx((300, 240))
    assert transform_points(maps, np.float64([[[5, 10]]]))[0, 0] == pytest.approx((280, 200))


@given(st.lists(angles, min_size=1, max_size=5))
def test_rotations_keep_lengths_and_handedness(some_angles):
    rotations = rotations_from_angles(np.array(some_angles))
    assert rotations @ rotations.transpose(0, 2, 1) == pytest.approx(
        np.broadcast_to(np.eye(2), rotations.shape), abs=1e-12
    )
    assert np.linalg.det(rotations) == pytest.approx(np.ones(len(some_angles)))


def test_each_map_moves_its_own_points():
    rois = Rois(np.float32([[0, 0], [50, 70]]), np.full((2, 2), 10, np.float32), np.zeros(2))
    middles = transform_points(image_from_crop(rois, 10), np.full((2, 3, 2), 5.0))
    assert middles[0] == pytest.approx(np.zeros((3, 2)))
    assert middles[1] == pytest.approx(np.tile([50, 70], (3, 1)))


@given(st.tuples(sides, sides), st.integers(16, 512), st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_the_letterbox_holds_every_point_of_the_image(image_wh, input_size, part):
    point = np.float64([[np.multiply(image_wh, part)]])
    crop = transform_points(inverse(image_from_crop(letterbox_roi(image_wh), input_size)), point)
    assert (crop >= -1e-6).all()
    assert (crop <= input_size * (1 + 1e-9)).all()


@given(st.tuples(sides, sides), st.integers(16, 512))
def test_the_letterbox_is_centred_tight_and_keeps_the_aspect_ratio(image_wh, input_size):
    maps = image_from_crop(letterbox_roi(image_wh), input_size)
    scale = max(image_wh) / input_size
    assert maps[0, :, :2] == pytest.approx(scale * np.eye(2))
    middle = transform_points(maps, np.full((1, 1, 2), input_size / 2))
    assert middle[0, 0] == pytest.approx(np.divide(image_wh, 2))


@pytest.mark.parametrize('image_wh', [(0, 10), (10, 0), (-1, 10)])
def test_an_image_without_area_has_no_letterbox(image_wh):
    with pytest.raises(ValueError, match='positive'):
        letterbox_roi(image_wh)
