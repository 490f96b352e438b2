"""Heads, mouths and looks, against rotations and random draws."""

import math

import numpy as np
import pytest
from consumer_messages import face_info, face_without_metres, placed_face, received
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.consumer import (
    NamedLandmarks,
    eyes_middle,
    gaze,
    head_pose,
    landmarks_metric,
    look_at,
    mouth_pose,
)
from facemesh_ros.geometry.shape_model import canonical_landmarks_m
from facemesh_ros.msg import FaceMesh

NAMES = NamedLandmarks(face_info())
numbers = st.floats(-1, 1)
vectors = st.tuples(numbers, numbers, numbers)
places = st.tuples(numbers, numbers, st.floats(0.3, 3))


@st.composite
def rotations(draw):
    """Any turn, by a random quaternion."""
    w, x, y, z = draw(
        st.tuples(numbers, numbers, numbers, numbers).filter(lambda q: np.linalg.norm(q) > 0.1)
    )
    length = math.hypot(w, x, y, z)
    w, x, y, z = w / length, x / length, y / length, z / length
    across = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + 2 * w * across + 2 * across @ across


@given(rotations(), places)
def test_the_head_pose_takes_the_canonical_face_to_its_landmarks(rotation, position_m):
    face = placed_face(position_m, rotation)
    face_m = np.c_[canonical_landmarks_m(478), np.ones(478)]
    placed = (head_pose(face) @ face_m.T).T
    assert placed[:, :3] == pytest.approx(landmarks_metric(face), abs=1e-5)
    assert head_pose(face)[3].tolist() == [0, 0, 0, 1]


@given(rotations(), places)
def test_the_mouth_has_the_heads_axes_between_the_lips(rotation, position_m):
    face = placed_face(position_m, rotation)
    pose = mouth_pose(face, NAMES)
    assert pose[:3, :3] == pytest.approx(rotation, abs=1e-9)
    lips = landmarks_metric(face)[[13, 14]]  # MediaPipe's, of the inner edges
    assert pose[:3, 3] == pytest.approx(lips.mean(axis=0), abs=1e-6)


@given(places, vectors, st.floats(0, 3))
def test_the_angle_is_that_between_gaze_and_point(position_m, point_m, angle):
    """The gaze is made: towards the point, turned by the angle."""
    face = placed_face(position_m)
    towards = np.array(point_m) - eyes_middle(face, NAMES)
    if np.linalg.norm(towards) < 0.05:
        return
    towards /= np.linalg.norm(towards)
    across = np.cross(towards, np.eye(3)[np.abs(towards).argmin()])
    across /= np.linalg.norm(across)
    direction = math.cos(angle) * towards + math.sin(angle) * across
    face = placed_face(position_m, gaze=direction)
    assert look_at(face, NAMES, point_m).angle_rad == pytest.approx(angle, abs=2e-3)


def test_who_looks_into_the_camera_looks_at_it():
    face = placed_face((0.3, 0.1, 1.2))
    eyes = eyes_middle(face, NAMES)
    there = placed_face((0.3, 0.1, 1.2), gaze=-eyes / np.linalg.norm(eyes), gaze_sigma=0.05)
    assert look_at(there, NAMES).angle_rad < 1e-3
    assert look_at(there, NAMES).is_at()
    # At the camera, so not at what stands a metre beside it.
    assert not look_at(there, NAMES, (-1.0, 0.0, 0.0)).is_at()


@pytest.mark.parametrize('share', [0.5, 0.9])
def test_as_many_looks_at_a_point_agree_as_is_asked_for(share):
    """With gazes and places that are drawn as their sigmas say."""
    random = np.random.default_rng(3)
    spread = np.diag([0.02, 0.05, 0.1]) ** 2
    point_m, true_m = np.array([0.4, -0.2, 0.1]), np.array([0.1, 0.0, 0.9])
    offset = eyes_middle(placed_face(true_m), NAMES) - true_m
    towards = point_m - true_m - offset
    towards /= np.linalg.norm(towards)
    covariance = np.zeros((6, 6))
    covariance[:3, :3] = spread
    agreed = 0
    for _ in range(1000):
        drawn = towards + 0.08 * random.normal(size=3)
        face = placed_face(
            random.multivariate_normal(true_m, spread),
            gaze=drawn / np.linalg.norm(drawn),
            gaze_sigma=0.08,
            covariance=covariance,
        )
        agreed += look_at(face, NAMES, point_m).is_at(share)
    # The spread is not a circle, which costs a few hundredths; three sigmas of 1000 draws are too.
    assert agreed / 1000 == pytest.approx(share, abs=0.08)


def test_one_eye_is_enough():
    left = placed_face(gaze_right=np.full(3, math.nan, np.float32))
    assert gaze(left).tolist() == [0, 0, -1]
    both = placed_face(
        gaze_left=np.float32([0.6, 0, -0.8]), gaze_right=np.float32([-0.6, 0, -0.8])
    )
    assert gaze(both) == pytest.approx([0, 0, -1], abs=1e-6)


@pytest.mark.parametrize('count', [468, 478])
def test_without_metres_everything_is_nan_and_nobody_looks_anywhere(count):
    face, names = face_without_metres(count), NamedLandmarks(face_info(count))
    assert np.isnan(head_pose(face)[:3]).all()
    assert np.isnan(mouth_pose(face, names)[:3]).all()
    assert np.isnan(eyes_middle(face, names)).all()
    assert np.isnan(gaze(face)).all()
    look = look_at(face, names)
    assert math.isnan(look.angle_rad)
    assert not look.is_at()


def test_identity_is_never_taken_for_a_pose():
    """An empty message has the pose 0 0 0, 0 0 0 1, and METRIC_NONE says that it means nothing."""
    face = received(FaceMesh())
    assert face.pose.pose.orientation.w == 1
    assert np.isnan(head_pose(face)[:3]).all()


def test_metres_without_a_gaze():
    """The eyes are closed, or the model has no irises."""
    face = placed_face(gaze=(math.nan,) * 3, gaze_sigma=math.nan)
    assert np.isfinite(head_pose(face)).all()
    assert not look_at(face, NAMES).is_at()
    assert math.isnan(look_at(face, NAMES).angle_rad)


def test_a_point_in_the_eyes_has_no_direction():
    face = placed_face()
    look = look_at(face, NAMES, eyes_middle(face, NAMES))
    assert math.isnan(look.angle_rad)
    assert not look.is_at()
