"""Frames along the gaze, against the definitions of direction and rotation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.geometry.canonical_face import canonical_face_m
from facemesh_ros.geometry.gaze_frame import eye_centres, gaze_rotations, mean_gazes

numbers = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def rotation(random: np.random.Generator) -> np.ndarray:
    frame, _ = np.linalg.qr(random.normal(size=(3, 3)))
    return frame * np.linalg.det(frame)


@given(numbers)
def test_a_frame_along_the_gaze(random):
    head, gaze = rotation(random), unit(random.normal(size=3))
    frame = gaze_rotations(gaze, head)
    assert frame.T @ frame == pytest.approx(np.eye(3), abs=1e-9)
    assert np.linalg.det(frame) == pytest.approx(1)
    assert frame[:, 2] == pytest.approx(gaze)
    # Down leans forwards or backwards with the gaze, never to a side.
    assert frame[:, 1] @ head[:, 2] < 0
    assert frame[:, 0] @ head[:, 2] == pytest.approx(0, abs=1e-9)
    right = -head[:, 1]
    assert np.sign(frame[:, 0] @ right) == np.sign(gaze @ head[:, 0])


@given(numbers)
def test_it_turns_with_the_head(random):
    head, turn, gaze = rotation(random), rotation(random), unit(random.normal(size=3))
    turned = gaze_rotations(turn @ gaze, turn @ head)
    assert turned == pytest.approx(turn @ gaze_rotations(gaze, head), abs=1e-6)


@given(numbers)
def test_the_mean_is_at_the_same_angle_from_both_eyes(random):
    gazes = unit(random.normal(size=(5, 2, 3)) * 0.3 + (1, 0, 0))
    means = mean_gazes(gazes)
    assert np.linalg.norm(means, axis=1) == pytest.approx(np.ones(5))
    right, left = (np.sum(means * gazes[:, eye], axis=1) for eye in range(2))
    assert right == pytest.approx(left)
    assert (right > 0).all()


def test_what_is_unknown_is_nan_and_nothing_else():
    unknown, ahead = [np.nan] * 3, [1.0, 0, 0]
    means = mean_gazes(np.array([[unknown] * 2, [ahead, unknown], [ahead, [-1.0, 0, 0]]]))
    assert np.isnan(means).all(axis=1).tolist() == [True, False, True]
    gazes = np.array([unknown, ahead, [0, 0, 1.0]])  # the last one straight up
    frames = gaze_rotations(gazes, np.broadcast_to(np.eye(3), (3, 3, 3)))
    assert np.isnan(frames).all(axis=(1, 2)).tolist() == [True, False, True]
    assert np.isfinite(frames[1]).all()


def test_the_right_eye_comes_first():
    right, left = eye_centres(canonical_face_m())
    assert right == pytest.approx(left * (1, -1, 1))
    assert 0.025 < left[1] < 0.04
