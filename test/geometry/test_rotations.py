"""Rotations between directions, and as quaternions; against OpenCV and the product of turns."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from facemesh_ros.geometry.rotations import (
    matrix_from_quaternion_xyzw,
    quaternion_xyzw_from_matrix,
    rotation_between,
    rotation_from_vector,
)

numbers = st.floats(-1, 1)
axes = (
    st.tuples(numbers, numbers, numbers)
    .filter(lambda axis: np.linalg.norm(axis) > 1e-3)
    .map(lambda axis: np.array(axis) / np.linalg.norm(axis))
)
# Half turns and none are where simple formulas divide by zero.
angles = st.one_of(st.floats(-np.pi, np.pi), st.sampled_from([0.0, np.pi, -np.pi, 1e-9]))


@given(axes, angles)
def test_a_turn_about_an_axis_has_the_quaternion_of_half_its_angle(axis, angle):
    rotation = cv2.Rodrigues(axis * angle)[0]
    expected = np.array([*np.sin(angle / 2) * axis, np.cos(angle / 2)])
    found = quaternion_xyzw_from_matrix(rotation)
    # q and -q are the same turn.
    assert abs(found @ expected) == pytest.approx(1, abs=1e-12)
    assert min(abs(found - expected).max(), abs(found + expected).max()) < 1e-7
    assert np.linalg.norm(found) == pytest.approx(1)
    assert found[3] >= 0


@given(st.lists(st.tuples(axes, angles), max_size=5))
def test_many_at_once_are_the_same_as_each_alone(turns):
    rotations = np.array([cv2.Rodrigues(axis * angle)[0] for axis, angle in turns])
    together = quaternion_xyzw_from_matrix(rotations.reshape(-1, 3, 3))
    assert together.shape == (len(turns), 4)
    for rotation, found in zip(rotations, together, strict=True):
        assert np.array_equal(quaternion_xyzw_from_matrix(rotation), found)


@given(axes, angles, st.floats(0.5, 2))
def test_the_matrix_of_a_quaternion_turns_about_its_axis(axis, angle, length):
    quaternion = length * np.array([*np.sin(angle / 2) * axis, np.cos(angle / 2)])
    found = matrix_from_quaternion_xyzw(np.stack([quaternion, -quaternion]))
    expected = cv2.Rodrigues(axis * angle)[0]
    assert found == pytest.approx(np.stack([expected, expected]), abs=1e-9)


@given(st.lists(st.floats(-1.5, 1.5), min_size=3, max_size=3))
def test_rotations_are_those_of_opencv(vector):
    vector = np.array(vector)
    assert rotation_from_vector(vector) == pytest.approx(cv2.Rodrigues(vector)[0], abs=1e-9)


@given(axes, axes)
def test_the_smallest_rotation_takes_one_direction_to_another(one, other):
    assume(one @ other > -0.999)
    rotation = rotation_between(one.tolist(), other.tolist())
    assert rotation @ one == pytest.approx(other, abs=1e-9)
    assert rotation.T @ rotation == pytest.approx(np.eye(3), abs=1e-9)
    # The smallest one: what is at right angles to both stays.
    assert rotation @ np.cross(one, other) == pytest.approx(np.cross(one, other), abs=1e-9)


@pytest.mark.filterwarnings('error')
def test_an_unknown_rotation_has_no_quaternion():
    assert np.isnan(quaternion_xyzw_from_matrix(np.full((2, 3, 3), np.nan))).all()
