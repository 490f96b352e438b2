"""Pictures of faces, cut out of images whose pixels say where they are."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.geometry.named_points import NAMED_POINTS
from facemesh_ros.ros.hri_bridge.face_images import aligned_face, cropped_face
from facemesh_ros.types import Frame, PixelOrder

SIDE = 250
# Blue is x, green is y, and red says that this is the image.
COLUMNS, ROWS = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
WHERE = np.dstack([COLUMNS, ROWS, np.full((SIDE, SIDE), 255)]).astype(np.uint8)
EYES = ('right_eye_outer', 'right_eye_inner', 'left_eye_inner', 'left_eye_outer')


def frame_of(bgr, order=PixelOrder.BGR):
    return Frame(np.ascontiguousarray(bgr), order)


@given(
    st.tuples(st.floats(2, 150), st.floats(2, 150)),
    st.tuples(st.floats(8, 95), st.floats(8, 95)),
    st.tuples(st.integers(16, 160), st.integers(16, 160)),
)
def test_a_cropped_face_is_its_box_centred_and_as_large_as_fits(corner, sides, size_wh):
    box = np.array([*corner, *np.add(corner, sides)])
    picture = cropped_face(frame_of(WHERE), box, size_wh)
    assert picture.shape == (size_wh[1], size_wh[0], 3)
    rows, columns = np.nonzero(picture[..., 2] == 255)
    inner = np.array([np.ptp(columns), np.ptp(rows)]) + 1
    scale = max(np.divide(sides, size_wh))
    assert np.abs(inner - np.maximum(np.divide(sides, scale), 1)).max() <= 1
    assert (inner == size_wh).any()
    for edges, size in ((columns, size_wh[0]), (rows, size_wh[1])):
        assert abs(edges.min() - (size - 1 - edges.max())) <= 1
    # Each pixel of the picture shows its own place in the box.
    middle = np.add(corner, np.divide(sides, 2))
    pixels = np.stack([columns, rows], axis=-1) - [
        (columns.min() + columns.max()) / 2,
        (rows.min() + rows.max()) / 2,
    ]
    shown = picture[rows, columns, :2].astype(float)
    assert np.abs(shown - (middle + pixels * scale)).max() < 1 + scale / 16


@given(st.floats(-math.pi, math.pi), st.floats(20, 45))
def test_in_an_aligned_face_the_eyes_are_level_and_the_right_one_is_left(roll_rad, radius):
    """However the head is turned: found by the places that the picture shows."""
    turn = np.array(
        [[math.cos(roll_rad), math.sin(roll_rad)], [-math.sin(roll_rad), math.cos(roll_rad)]]
    )
    face = np.random.default_rng(1).uniform(-1, 1, (478, 2)) * radius
    face[[NAMED_POINTS[name] for name in EYES]] = radius * np.array(
        [[-0.6, -0.3], [-0.2, -0.3], [0.2, -0.3], [0.6, -0.3]]
    )
    face[:2] = [-radius, -radius], [radius, radius]
    landmarks = np.column_stack([face @ turn + SIDE / 2, np.zeros(478)])
    picture = aligned_face(frame_of(WHERE), landmarks, (64, 64))
    scale = 2 * radius / 64
    upright = (np.indices((64, 64))[::-1].transpose(1, 2, 0) - 31.5) * scale
    expected = upright @ turn + SIDE / 2
    assert np.abs(picture[..., :2] - expected).max() < 1 + scale / 16


def test_what_is_outside_the_image_is_black():
    light = np.full((100, 100, 3), 200, np.uint8)
    picture = cropped_face(frame_of(light), [-50, -50, 50, 50], (40, 40))
    assert (picture[:19, :19] == 0).all()
    assert (picture[21:, 21:] == 200).all()


def test_a_large_face_is_averaged_not_picked():
    """One pixel in 8 is white: every pixel of the picture is as grey as the whole."""
    stripes = np.zeros((512, 512, 3), np.uint8)
    stripes[:, ::8] = 255
    picture = cropped_face(frame_of(stripes), [0, 0, 511, 511], (64, 64))
    assert np.abs(picture[2:-2, 2:-2].astype(float) - 255 / 8).max() < 255 / 16


@pytest.mark.parametrize(
    ('order', 'code'),
    [
        (PixelOrder.RGB, cv2.COLOR_BGR2RGB),
        (PixelOrder.RGBA, cv2.COLOR_BGR2RGBA),
        (PixelOrder.BGRA, cv2.COLOR_BGR2BGRA),
    ],
)
def test_pictures_are_blue_green_red_whatever_the_image_is(order, code):
    other = cropped_face(frame_of(cv2.cvtColor(WHERE, code), order), [20, 30, 90, 80], (50, 50))
    assert (other == cropped_face(frame_of(WHERE), [20, 30, 90, 80], (50, 50))).all()


def test_a_grey_image_makes_a_grey_picture():
    picture = cropped_face(frame_of(WHERE[..., 0], PixelOrder.MONO), [20, 30, 90, 100], (50, 50))
    assert picture.shape == (50, 50, 3)
    assert (picture[..., 0] == picture[..., 1]).all()
    assert picture[..., 0].max() > 80


@pytest.mark.parametrize('box', [[5, 5, 5, 9], [9, 9, 5, 5], [math.nan] * 4])
def test_a_box_without_an_area_makes_a_black_picture(box):
    assert not cropped_face(frame_of(WHERE), box, (32, 16)).any()
