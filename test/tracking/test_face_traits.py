"""Appearance of faces: what changes it, and what does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.geometry.canonical_face import canonical_face_m
from facemesh_ros.tracking.face_traits import (
    ABRUPT_DIFFERENCE,
    FaceTraits,
    appearance_differences,
    look_abruptly_different,
)
from facemesh_ros.types import Frame, PixelOrder

pytestmark = pytest.mark.filterwarnings('error')

IMAGE_WH = (200, 160)


def face_in(random, *, size=100.0) -> np.ndarray:
    """(1, 468, 3) px of the canonical face, frontal."""
    across = canonical_face_m()[:, [1, 2]] * (1, -1)
    across = size * (across - across.mean(axis=0)) / np.ptp(across[:, 1])
    xy = across + np.array(IMAGE_WH) / 2 + random.uniform(-10, 10, 2)
    return np.column_stack([xy, np.zeros(len(xy))]).astype(np.float32)[None]


def texture(random) -> np.ndarray:
    """(H, W, 3) of coloured squares of 20 px."""
    squares = random.integers(30, 200, (8, 10, 3), np.uint8)
    return squares.repeat(20, axis=0).repeat(20, axis=1)


seeds = st.integers(0, 2**32 - 1).map(np.random.default_rng)


@given(seeds)
def test_pixel_orders_say_the_same(random):
    rgb, points = texture(random), face_in(random)
    of_rgb = FaceTraits.measured(Frame(rgb, PixelOrder.RGB), points).appearances
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    assert FaceTraits.measured(Frame(bgr, PixelOrder.BGR), points).appearances == (
        pytest.approx(of_rgb)
    )
    grey = np.ascontiguousarray(rgb[..., 0])
    for mono in (grey, grey[..., None]):
        one = FaceTraits.measured(Frame(mono, PixelOrder.MONO), points).appearances
        assert one == pytest.approx(of_rgb[..., :1].repeat(3, axis=2))


@given(seeds, st.floats(0.4, 1.2))
def test_light_alone_makes_no_other_face(random, gain):
    rgb, points = texture(random), face_in(random)
    lit = np.rint(gain * rgb).astype(np.uint8)
    before, after = (
        FaceTraits.measured(Frame(image, PixelOrder.RGB), points).appearances
        for image in (rgb, lit)
    )
    assert not look_abruptly_different(before, after).any()


@given(seeds)
def test_what_covers_a_third_of_a_face_makes_no_other_face(random):
    rgb, points = texture(random), face_in(random)
    covered = rgb.copy()
    left, right = points[0, :, 0].min(), points[0, :, 0].max()
    covered[:, : round(float(left + 0.3 * (right - left)))] = 255
    before, after = (
        FaceTraits.measured(Frame(image, PixelOrder.RGB), points).appearances
        for image in (rgb, covered)
    )
    assert not look_abruptly_different(before, after).any()
    assert appearance_differences(before, after).max() < ABRUPT_DIFFERENCE


@given(seeds)
def test_other_colours_everywhere_make_another_face(random):
    points = face_in(random)
    one, other = (
        FaceTraits.measured(Frame(image, PixelOrder.RGB), points).appearances
        for image in (texture(random), texture(random))
    )
    assert look_abruptly_different(one, other).all()
    assert appearance_differences(one, other).min() > ABRUPT_DIFFERENCE


@given(seeds)
def test_a_face_beyond_the_border_has_the_colours_of_the_border(random):
    points = face_in(random) + np.float32([500, -700, 0])
    measured = FaceTraits.measured(Frame(texture(random), PixelOrder.RGB), points)
    assert np.isfinite(measured.appearances).all()
