"""Openings of mouths and eyes, in pixels and in metres."""

import math

import numpy as np
import pytest
from consumer_messages import face_info, face_without_metres, placed_face
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.consumer import (
    NamedLandmarks,
    eye_opening,
    landmarks,
    landmarks_metric,
    mouth_opening,
)
from facemesh_ros.geometry.shape_model import canonical_landmarks_m

NAMES = NamedLandmarks(face_info())
numbers = st.floats(-1, 1)
vectors = st.tuples(numbers, numbers, numbers)


def opened(mouth_m=0.0, left_m=0.0):
    """The canonical face with jaw and left lower lid so much lower, of known gaps."""
    shape_m = canonical_landmarks_m(478).copy()
    for upper, lower, gap_m in (
        ('upper_lip_inner', 'lower_lip_inner', mouth_m),
        ('left_eyelid_upper', 'left_eyelid_lower', left_m),
    ):
        shape_m[NAMES.point(lower)] = shape_m[NAMES.point(upper)] - (0, 0, gap_m)
    return shape_m


@pytest.mark.parametrize('gap_m', [0.0, 0.004, 0.05])
def test_gaps_in_metres(gap_m):
    shape_m = opened(mouth_m=gap_m, left_m=gap_m / 5)
    points = landmarks_metric(placed_face(shape_m=shape_m))
    mouth = mouth_opening(points, NAMES)
    corners_m = shape_m[61] - shape_m[291]  # MediaPipe's corners of the mouth
    assert mouth.gap == pytest.approx(gap_m, abs=1e-6)
    assert mouth.width == pytest.approx(np.linalg.norm(corners_m), abs=1e-6)
    assert mouth.ratio == pytest.approx(gap_m / np.linalg.norm(corners_m), abs=1e-4)
    assert eye_opening(points, NAMES, 'left').gap == pytest.approx(gap_m / 5, abs=1e-6)


def test_the_right_eye_is_not_the_left_one():
    points = landmarks_metric(placed_face(shape_m=opened(left_m=0.0)))
    assert eye_opening(points, NAMES, 'left').ratio == pytest.approx(0, abs=1e-4)
    assert eye_opening(points, NAMES, 'right').ratio > 0.15
    with pytest.raises(KeyError, match='eyelid'):
        eye_opening(points, NAMES, 'both')


@given(numbers.map(lambda number: 10**number), vectors, st.floats(0.01, 3), vectors)
def test_a_ratio_hangs_neither_on_place_nor_on_size_nor_on_turn(scale, axis, angle, offset):
    points = canonical_landmarks_m(478)
    axis = np.add(axis, (0, 0, 1.5))
    x, y, z = axis / np.linalg.norm(axis)
    across = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turn = np.eye(3) + math.sin(angle) * across + (1 - math.cos(angle)) * across @ across
    moved = scale * points @ turn.T + offset
    for measure in (
        mouth_opening,
        lambda face, names: eye_opening(face, names, 'left'),
    ):
        before, after = measure(points, NAMES), measure(moved, NAMES)
        assert after.ratio == pytest.approx(before.ratio, rel=1e-6, abs=1e-9)
        assert after.gap == pytest.approx(scale * before.gap, rel=1e-6, abs=1e-9)


def test_pixels_and_metres_tell_nearly_the_same_ratio():
    face = placed_face(shape_m=opened(mouth_m=0.02))
    in_pixels, in_metres = (
        mouth_opening(read(face), NAMES).ratio for read in (landmarks, landmarks_metric)
    )
    assert in_pixels == pytest.approx(in_metres, rel=0.05)


def test_what_is_not_known_is_nan():
    unknown = landmarks_metric(face_without_metres())
    assert all(map(math.isnan, mouth_opening(unknown, NAMES)))
    assert all(map(math.isnan, eye_opening(unknown, NAMES, 'left')))
    nan = np.full((478, 3), math.nan, np.float32)
    assert all(map(math.isnan, mouth_opening(nan, NAMES)))
    # A face that is a point has no proportions, and is no error.
    assert math.isnan(mouth_opening(np.zeros((478, 3)), NAMES).ratio)
