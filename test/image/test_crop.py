"""Crops equal MediaPipe's, in RGB, for every pixel order of the camera."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from bilinear import STEPS_PER_PX, bilinear, perspective_steps
from hypothesis import given, settings
from hypothesis import strategies as st

from facemesh_ros.geometry.affine import image_from_crop, letterbox_roi, transform_points
from facemesh_ros.image.crop import (
    DETECTOR_BORDER,
    LANDMARK_BORDER,
    CropStyle,
    crop_maps,
    crop_rois,
    crop_whole,
    detector_style,
    landmark_style,
)
from facemesh_ros.types import Frame, PixelOrder, Rois

SIZE = 32
PLAIN = CropStyle(SIZE, 0.0, LANDMARK_BORDER)
# Two additions in float32, in 32nds of a px of an image of this size.
UNSURE = 0.01


@pytest.fixture(scope='module')
def picture() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (SIZE, SIZE, 3), np.uint8)


def roi(centre, size_wh, rotation_rad=0.0) -> Rois:
    return Rois(np.float32([centre]), np.float32([size_wh]), np.float32([rotation_rad]))


def whole(size: int) -> Rois:
    return roi((size / 2, size / 2), (size, size))


def mediapipe_map(rois: Rois, size: int) -> np.ndarray:
    """The perspective map of `image_to_tensor_converter_opencv.cc`, from the image to the crop."""
    (angle,) = np.degrees(rois.rotations_rad)
    box = cv2.boxPoints((rois.centres[0].tolist(), rois.sizes_wh[0].tolist(), float(angle)))
    square = np.float32([[0, size], [0, 0], [size, 0], [size, size]])
    return cv2.getPerspectiveTransform(box, square)


def mediapipe_crop(image: np.ndarray, rois: Rois, style: CropStyle) -> np.ndarray:
    """What `image_to_tensor_converter_opencv.cc` does, for one ROI of an RGB image."""
    steps = perspective_steps(mediapipe_map(rois, style.input_size), style.input_size)
    warped = bilinear(image, steps, is_black_outside=style.border == cv2.BORDER_CONSTANT)
    return warped.astype(np.float32) * (1 - style.low) / 255 + style.low


@pytest.mark.skipif(cv2.__version__ >= '5', reason='OpenCV 5 samples between the 32nds of a pixel')
@pytest.mark.parametrize('style', [detector_style(192), landmark_style(256)])
def test_mediapipes_warp_is_opencv_4s(style):
    random = np.random.default_rng(4)
    noise = random.integers(0, 256, (480, 640, 3), np.uint8)
    size = style.input_size
    for _ in range(5):
        rois = roi(random.uniform(0, 500, 2), random.uniform(30, 700, 2), random.uniform(-4, 4))
        to_crop = mediapipe_map(rois, size)
        warped = cv2.warpPerspective(
            noise, to_crop, (size, size), flags=cv2.INTER_LINEAR, borderMode=style.border
        )
        is_black_outside = style.border == cv2.BORDER_CONSTANT
        steps = perspective_steps(to_crop, size)
        assert np.array_equal(bilinear(noise, steps, is_black_outside=is_black_outside), warped)


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


@pytest.mark.parametrize(
    'view_of',
    [
        lambda image: np.pad(image, ((0, 0), (0, 5), (0, 0)))[:, :SIZE],
        lambda image: image[::-1, ::-1].copy()[::-1, ::-1],
        lambda image: image.repeat(2, axis=1)[:, ::2],
        lambda image: image.transpose(2, 0, 1).copy().transpose(1, 2, 0),
    ],
    ids=['padded rows', 'backwards', 'every other', 'planes'],
)
def test_a_read_only_view_of_any_strides_will_do(picture, view_of):
    rois = roi((17, 14), (20, 25), 0.4)
    expected = crop_rois(Frame(picture, PixelOrder.RGB), rois, PLAIN)
    view = view_of(picture)
    view.flags.writeable = False
    assert np.array_equal(crop_rois(Frame(view, PixelOrder.RGB), rois, PLAIN), expected)


def test_the_detector_sees_black_outside(picture):
    style = CropStyle(SIZE, -1.0, DETECTOR_BORDER)
    outside = roi((-100, -100), (50, 50))
    assert (crop_rois(Frame(picture, PixelOrder.RGB), outside, style) == -1).all()

    wide = np.full((16, 32, 3), 255, np.uint8)
    (letterboxed,) = crop_whole(Frame(wide, PixelOrder.RGB), style)
    assert (letterboxed[:8] == -1).all()
    assert (letterboxed[8:24] == 1).all()
    assert (letterboxed[24:] == -1).all()


def test_the_landmark_model_sees_the_edge_go_on(picture):
    crop = crop_rois(Frame(picture, PixelOrder.RGB), roi((-100, -100), (50, 50)), PLAIN)
    assert crop[0] == pytest.approx(np.broadcast_to(picture[0, 0] / 255, (SIZE, SIZE, 3)))
    right = crop_rois(Frame(picture, PixelOrder.RGB), roi((SIZE + 16, 16), (32, 32)), PLAIN)
    assert right[0] == pytest.approx(np.repeat(picture[:, -1:] / 255, SIZE, axis=1), abs=1e-6)


# In the last five, pixels lie half-way between two 32nds of a pixel.
@pytest.mark.parametrize('size', [128, 192])
@pytest.mark.parametrize(
    'image_wh',
    [
        (640, 480),
        (1920, 1080),
        (31, 57),
        (427, 240),
        (333, 517),
        (551, 1137),
        (517, 384),
        (451, 300),
    ],
)
def test_the_whole_image_is_mediapipes(image_wh, size):
    width, height = image_wh
    noise = np.random.default_rng(2).integers(0, 256, (height, width, 3), np.uint8)
    style = CropStyle(size, -1.0, DETECTOR_BORDER)
    (crop,) = crop_whole(Frame(noise, PixelOrder.RGB), style)
    expected = mediapipe_crop(noise, letterbox_roi(image_wh), style)
    # Measured: 0; 0.03 with other halves rounded up.
    assert (np.abs(crop - expected) > 1e-6).mean() <= 0.001


@pytest.mark.parametrize('size', [192, 256])
def test_the_regions_are_mediapipes(size):
    random = np.random.default_rng(3)
    noise = random.integers(0, 256, (480, 640, 3), np.uint8)
    style = CropStyle(size, 0.0, LANDMARK_BORDER)
    different = []
    for _ in range(20):
        rois = roi(random.uniform(0, 500, 2), random.uniform(30, 700, 2), random.uniform(-4, 4))
        crop = crop_rois(Frame(noise, PixelOrder.RGB), rois, style)[0]
        different.append(np.abs(crop - mediapipe_crop(noise, rois, style)) > 1e-6)
    # Measured: 0.0008; 0.02 with OpenCV's affine warp.
    assert np.mean(different) <= 0.003


@settings(max_examples=200, deadline=None)
@given(
    order=st.sampled_from(list(PixelOrder)),
    style=st.sampled_from([detector_style(SIZE), landmark_style(SIZE)]),
    image_wh=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    padding=st.integers(0, 3),
    centre=st.tuples(st.floats(-40, 100, width=32), st.floats(-40, 100, width=32)),
    size_wh=st.tuples(st.floats(0.5, 300, width=32), st.floats(0.5, 300, width=32)),
    angle=st.sampled_from([0, np.pi / 2]) | st.floats(-4, 4, width=32),
    is_mirrored=st.booleans(),
)
def test_every_sample_is_what_arithmetic_says(
    order, style, image_wh, padding, centre, size_wh, angle, is_mirrored
):
    width, height = image_wh
    noise = np.random.default_rng(5).integers(0, 256, (height, width + padding, 4), np.uint8)
    image = noise[:, :width, 0] if order is PixelOrder.MONO else noise[..., : order.channels]
    frame = Frame(np.ascontiguousarray(image)[:, :width], order)
    maps = image_from_crop(roi(centre, size_wh, angle), SIZE)
    maps[:, :, 0] *= -1 if is_mirrored else 1

    crop = crop_maps(frame, maps, style)[0]

    levels = np.rint((crop - style.low) * 255 / (1 - style.low)).astype(int)
    assert crop == pytest.approx(levels * (1 - style.low) / 255 + style.low, abs=1e-6)
    pixels = np.stack(np.meshgrid(np.arange(SIZE), np.arange(SIZE)), -1).reshape(1, -1, 2)
    exact = STEPS_PER_PX * transform_points(maps, pixels.astype(float)).reshape(SIZE, SIZE, 2)
    rgb = image[..., :width, None] if order is PixelOrder.MONO else image
    rgb = rgb[:, :width, list(order.value[:3])]
    right = np.zeros((SIZE, SIZE), bool)
    # Where a sample lies half-way between two 32nds, float32 may take either, in x and in y.
    for unsure in itertools.product((-UNSURE, UNSURE), repeat=2):
        steps = np.rint(exact + unsure).astype(int)
        expected = bilinear(rgb, steps, is_black_outside=style.border == cv2.BORDER_CONSTANT)
        right |= (expected == levels).all(axis=-1)
    assert right.all()


@pytest.mark.parametrize('x', [-40_000, -1100, 1100, 40_000, 1e7])
def test_far_outside_of_the_image_is_outside(picture, x):
    frame = Frame(picture, PixelOrder.RGB)
    far = roi((x, SIZE / 2), (100, 0.001))
    edge = picture[SIZE // 2, 0 if x < 0 else -1] / 255
    assert (crop_rois(frame, far, detector_style(SIZE)) == -1).all()
    assert crop_rois(frame, far, PLAIN)[0] == pytest.approx(
        np.broadcast_to(edge, (SIZE, SIZE, 3)), abs=1e-6
    )


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
