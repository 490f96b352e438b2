"""Very dark images are brightened for the models, all others stay as they are."""

import numpy as np
import pytest

from facemesh_ros.image.crop import brightened
from facemesh_ros.types import Frame, PixelOrder


def frame_of(image, order=PixelOrder.RGB) -> Frame:
    return Frame(np.asarray(image, np.uint8), order)


@pytest.fixture
def scene() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (96, 128, 3)).astype(np.uint8)


def test_a_lit_image_is_not_touched(scene):
    frame = frame_of(scene)
    assert brightened(frame) is frame


def test_a_night_scene_with_a_lamp_is_not_blown_out(scene):
    dark = scene // 20
    dark[:32, :32] = 255
    frame = frame_of(dark)
    assert brightened(frame) is frame


@pytest.mark.parametrize('order', [PixelOrder.MONO, PixelOrder.BGR, PixelOrder.RGBA])
def test_a_dark_image_becomes_as_bright_as_its_brightest_parts_allow(order):
    ramp = np.tile(np.linspace(0, 9, 128), (96, 1))
    image = ramp if order is PixelOrder.MONO else np.repeat(ramp[..., None], order.channels, 2)
    bright = brightened(frame_of(np.round(image), order)).image
    assert bright.shape == image.shape
    assert 190 <= bright.max() <= 255
    assert (np.diff(bright.astype(int), axis=1) >= 0).all()


@pytest.mark.parametrize('level', [0, 1, 2])
def test_of_blackness_no_noise_is_made(level):
    frame = frame_of(np.full((64, 64, 3), level))
    assert brightened(frame) is frame


def test_the_stamp_and_the_order_stay():
    frame = Frame(np.full((64, 64, 3), 9, np.uint8), PixelOrder.BGR, stamp_ns=5)
    bright = brightened(frame)
    assert (bright.stamp_ns, bright.order) == (5, PixelOrder.BGR)
    assert frame.image.max() == 9


def test_opacity_is_no_light():
    image = np.full((64, 64, 4), 9, np.uint8)
    image[..., 3] = 255
    assert brightened(frame_of(image, PixelOrder.RGBA)).image[..., 0].min() == 200


def test_while_the_light_fades_no_image_is_much_unlike_the_one_before():
    levels = [
        int(brightened(frame_of(np.full((64, 64, 3), level))).image.max())
        for level in range(90, 10, -1)
    ]
    assert np.abs(np.diff(levels)).max() < 12
    assert min(levels) > 50
