"""Crops show the pixels that the ROI says, in RGB, whatever the camera's order."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facemesh_ros.core.affine import image_from_crop, letterbox_roi, transform_points
from facemesh_ros.core.crop import DETECTOR_BORDER, LANDMARK_BORDER, CropStyle, crop_rois
from facemesh_ros.core.types import Frame, PixelOrder, Rois

SIZE = 32
PLAIN = CropStyle(SIZE, 0.0, LANDMARK_BORDER)
# OpenCV samples at 32nds of a pixel and rounds the result to a whole level.
STEP_PX, ROUNDING = 1 / 32, 0.5


@pytest.fixture(scope='module')
def picture() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (SIZE, SIZE, 3), np.uint8)


def roi(centre, size_wh, rotation_rad=0.0) -> Rois:
    return Rois(np.float32([centre]), np.float32([size_wh]), np.float32([rotation_rad]))


def whole(size: int) -> Rois:
    return roi((size / 2, size / 2), (size, size))


@pytest.mark.parametrize(('low', 'scale', 'shift'), [(0.0, 255, 0), (-1.0, 127.5, 1)])
def test_the_identity_returns_the_pixels(picture, low, scale, shift):
    frame = Frame(picture, PixelOrder.RGB)
    crop = crop_rois(frame, whole(SIZE), CropStyle(SIZE, low, LANDMARK_BORDER))
    assert crop.shape == (1, SIZE, SIZE, 3)
    assert crop.dtype == np.float32
    assert crop[0] == pytest.approx(picture / scale - shift, abs=1e-6)
    assert crop.min() >= low
    assert crop.max() <= 1


def test_a_quarter_turn_clockwise_reads_the_columns_from_the_right(picture):
    # The crop's x axis points down in the image, its y axis to the left.
    centre = ((SIZE - 1) / 2 + 0.5, (SIZE - 1) / 2 + 0.5)
    crop = crop_rois(Frame(picture, PixelOrder.RGB), roi(centre, (SIZE, SIZE), np.pi / 2), PLAIN)
    expected = picture.transpose(1, 0, 2)[::-1] / 255
    # A turn about the middle of the image as MediaPipe counts it, half a pixel from the middle
    # of the pixels: one row more on one side.
    assert crop[0, 1:] == pytest.approx(expected[:-1], abs=1e-6)


@pytest.mark.parametrize(
    ('order', 'channels'),
    [
        (PixelOrder.BGR, (2, 1, 0)),
        (PixelOrder.RGBA, (0, 1, 2, 0)),
        (PixelOrder.BGRA, (2, 1, 0, 1)),
    ],
)
def test_every_pixel_order_gives_the_same_crop(picture, order, channels):
    rois = roi((17, 14), (20, 25), 0.4)
    expected = crop_rois(Frame(picture, PixelOrder.RGB), rois, PLAIN)
    same = Frame(np.ascontiguousarray(picture[..., channels]), order)
    assert np.array_equal(crop_rois(same, rois, PLAIN), expected)


@pytest.mark.parametrize('axes', [2, 3])
def test_a_grey_image_is_grey_in_all_colours(picture, axes):
    rois = roi((17, 14), (20, 25), 0.4)
    grey = np.ascontiguousarray(picture[..., 0])
    expected = crop_rois(Frame(np.dstack([grey] * 3), PixelOrder.RGB), rois, PLAIN)
    image = grey if axes == 2 else grey[..., None]
    assert np.array_equal(crop_rois(Frame(image, PixelOrder.MONO), rois, PLAIN), expected)


def test_a_read_only_view_with_padded_rows_will_do(picture):
    padded = np.zeros((SIZE, SIZE + 5, 3), np.uint8)
    padded[:, :SIZE] = picture
    padded.flags.writeable = False
    rois = roi((17, 14), (20, 25), 0.4)
    expected = crop_rois(Frame(picture, PixelOrder.RGB), rois, PLAIN)
    view = Frame(padded[:, :SIZE], PixelOrder.RGB)
    assert np.array_equal(crop_rois(view, rois, PLAIN), expected)


def test_the_detector_sees_black_outside(picture):
    style = CropStyle(SIZE, -1.0, DETECTOR_BORDER)
    outside = roi((-100, -100), (50, 50))
    assert (crop_rois(Frame(picture, PixelOrder.RGB), outside, style) == -1).all()

    wide = np.full((16, 32, 3), 255, np.uint8)
    letterboxed = crop_rois(Frame(wide, PixelOrder.RGB), letterbox_roi((32, 16)), style)[0]
    assert (letterboxed[:8] == -1).all()
    assert (letterboxed[8:24] == 1).all()
    assert (letterboxed[24:] == -1).all()


def test_the_landmark_model_sees_the_edge_go_on(picture):
    crop = crop_rois(Frame(picture, PixelOrder.RGB), roi((-100, -100), (50, 50)), PLAIN)
    assert crop[0] == pytest.approx(np.broadcast_to(picture[0, 0] / 255, (SIZE, SIZE, 3)))
    right = crop_rois(Frame(picture, PixelOrder.RGB), roi((SIZE + 16, 16), (32, 32)), PLAIN)
    assert right[0] == pytest.approx(np.repeat(picture[:, -1:] / 255, SIZE, axis=1), abs=1e-6)


@settings(max_examples=50)
@given(
    st.tuples(st.floats(24, 25, width=32), st.floats(24, 25, width=32)),
    st.tuples(st.floats(2, 32, width=32), st.floats(2, 32, width=32)),
    st.floats(-4, 4, width=32),
)
def test_a_plane_is_sampled_where_the_roi_says(centre, size_wh, angle):
    x, y = np.meshgrid(np.arange(50), np.arange(50))
    slope_x, slope_y = 2, 3
    plane = Frame((slope_x * x + slope_y * y).astype(np.uint8), PixelOrder.MONO)
    rois = roi(centre, size_wh, angle)
    pixels = np.stack(np.meshgrid(np.arange(SIZE), np.arange(SIZE)), -1).reshape(1, -1, 2)
    points = transform_points(image_from_crop(rois, SIZE), pixels.astype(float))
    expected = (points @ [slope_x, slope_y]).reshape(SIZE, SIZE)
    found = 255 * crop_rois(plane, rois, PLAIN)[0, :, :, 1]
    tolerance = ROUNDING + STEP_PX * (slope_x + slope_y)
    assert np.abs(found - expected).max() <= tolerance


def test_many_rois_are_cropped_as_each_would_be(picture):
    frame = Frame(picture, PixelOrder.BGR)
    rois = Rois(
        np.float32([[10, 10], [20, 5], [-3, 40]]),
        np.float32([[8, 8], [30, 20], [16, 16]]),
        np.float32([0, 1, -2]),
    )
    crops = crop_rois(frame, rois, PLAIN)
    for index in range(3):
        alone = crop_rois(frame, rois[index : index + 1], PLAIN)
        assert np.array_equal(crops[index], alone[0])
    assert crop_rois(frame, rois[:0], PLAIN).shape == (0, SIZE, SIZE, 3)


def test_cropping_leaves_the_image_alone(picture):
    image = picture.copy()
    crop_rois(Frame(image, PixelOrder.BGR), roi((10, 10), (8, 8), 1), PLAIN)
    assert np.array_equal(image, picture)


def test_the_borders_are_opencvs():
    assert (DETECTOR_BORDER, LANDMARK_BORDER) == (cv2.BORDER_CONSTANT, cv2.BORDER_REPLICATE)
