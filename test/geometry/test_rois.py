"""ROIs from detections and from landmarks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.geometry.affine import image_from_crop, rotations_from_angles, transform_points
from facemesh_ros.geometry.rois import enlarged_upright, rois_from_detections, rois_from_landmarks
from facemesh_ros.types import FaceDetections, Rois


def face(box=(10, 20, 50, 100), right_eye=(20, 40), left_eye=(40, 40)) -> FaceDetections:
    keypoints = np.zeros((1, 6, 2), np.float32)
    keypoints[0, 0], keypoints[0, 1] = right_eye, left_eye
    return FaceDetections(np.float32([box]), keypoints, np.ones(1, np.float32))


def test_a_square_has_the_longer_side_half_as_large_again():
    rois = rois_from_detections(face(), square=True)
    assert rois.centres.tolist() == [[30, 60]]
    assert rois.sizes_wh.tolist() == [[120, 120]]


def test_each_side_may_keep_its_own_length():
    rois = rois_from_detections(face(), square=False)
    assert rois.centres.tolist() == [[30, 60]]
    assert rois.sizes_wh.tolist() == [[60, 120]]


@pytest.mark.parametrize(
    ('left_eye', 'degrees'),
    [((40, 40), 0), ((40, 60), 45), ((20, 70), 90), ((0, 40), 180), ((40, 20), -45)],
)
def test_the_rotation_is_that_of_the_line_between_the_eyes(left_eye, degrees):
    rois = rois_from_detections(face(left_eye=left_eye), square=True)
    assert np.degrees(rois.rotations_rad[0]) == pytest.approx(degrees)


eyes = st.tuples(st.floats(-500, 500, width=32), st.floats(-500, 500, width=32))


@given(eyes, st.floats(10, 300), st.floats(-3.1, 3.1), st.booleans())
def test_eyes_are_level_in_the_crop_the_right_one_on_the_left(right, distance, angle, square):
    left = np.add(right, (distance * np.cos(angle), distance * np.sin(angle)))
    rois = rois_from_detections(face(right_eye=right, left_eye=left), square=square)
    linear = image_from_crop(rois, 192)[0, :, :2]
    across = np.linalg.solve(linear, left - right)
    assert across[0] > 0
    assert abs(across[1]) <= 1e-3 * across[0]


def test_no_face_no_roi():
    none = FaceDetections(np.zeros((0, 4)), np.zeros((0, 6, 2)), np.zeros(0))
    for square in (True, False):
        rois = rois_from_detections(none, square=square)
        assert len(rois) == 0
        assert rois.centres.shape == rois.sizes_wh.shape == (0, 2)


OUTER_EYE_CORNERS = [33, 263]  # in MediaPipe's face mesh: the right one first
# What a camera does to a face: turn it by an angle, scale and shift it.
views = st.tuples(st.floats(-3, 3), st.floats(0.2, 5), st.floats(-900, 900), st.floats(-900, 900))


@st.composite
def upright_faces(draw) -> np.ndarray:
    """(1, 468, 3) landmarks about a point, eyes level, as wide or high as it comes."""
    seed = draw(st.integers(0, 2**16))
    wide, high = draw(st.floats(20, 200)), draw(st.floats(20, 200))
    points = np.random.default_rng(seed).uniform(-1, 1, (468, 3)) * (wide, high, 30)
    points[OUTER_EYE_CORNERS, :2] = [(-wide / 2, -high / 4), (wide / 2, -high / 4)]
    return points[None].astype(np.float32)


def turned_view(points, view) -> np.ndarray:
    angle, scale, x, y = view
    moved = scale * points.astype(float)
    moved[..., :2] = moved[..., :2] @ rotations_from_angles(np.array([angle]))[0].T + (x, y)
    return moved.astype(np.float32)


@given(upright_faces(), st.floats(-900, 900), st.floats(-900, 900))
def test_around_an_upright_face_it_is_mediapipes_square(points, x, y):
    # face_landmark_landmarks_to_roi.pbtxt: the box around all landmarks, its longer side as both
    # sides, half as large again.
    points = points + np.float32([x, y, 0])
    low, high = points[0, :, :2].min(axis=0), points[0, :, :2].max(axis=0)
    rois = rois_from_landmarks(points)
    assert rois.centres[0] == pytest.approx((low + high) / 2, abs=1e-2)
    assert rois.sizes_wh[0] == pytest.approx([1.5 * (high - low).max()] * 2, abs=1e-2)
    assert rois.rotations_rad[0] == pytest.approx(0, abs=1e-3)


@given(upright_faces(), views)
def test_it_turns_grows_and_moves_with_the_face(points, view):
    angle, scale, x, y = view
    before, after = rois_from_landmarks(points), rois_from_landmarks(turned_view(points, view))
    turn = rotations_from_angles(np.array([angle]))[0]
    assert after.centres[0] == pytest.approx(scale * turn @ before.centres[0] + (x, y), abs=0.05)
    assert after.sizes_wh == pytest.approx(scale * before.sizes_wh, abs=0.05)
    difference = after.rotations_rad[0] - before.rotations_rad[0] - angle
    assert np.cos(difference) == pytest.approx(1, abs=1e-4)


@given(upright_faces(), views)
def test_in_the_crop_the_eyes_are_level_and_the_face_leaves_a_margin(points, view):
    points = turned_view(points, view)
    linear_and_offset = image_from_crop(rois_from_landmarks(points), 192)
    linear, offset = linear_and_offset[0, :, :2], linear_and_offset[0, :, 2]
    in_crop = np.linalg.solve(linear, (points[0, :, :2] - offset).T).T
    right_eye, left_eye = in_crop[OUTER_EYE_CORNERS]
    assert right_eye[0] < left_eye[0]
    assert right_eye[1] == pytest.approx(left_eye[1], abs=0.05)
    # A sixth of the crop's side on either side of its longer extent, and more of the other.
    assert in_crop.min() == pytest.approx(192 / 6, abs=0.1)
    assert in_crop.max() == pytest.approx(192 * 5 / 6, abs=0.1)


def test_no_landmarks_no_roi():
    rois = rois_from_landmarks(np.empty((0, 478, 3), np.float32))
    assert len(rois) == 0
    assert rois.centres.shape == rois.sizes_wh.shape == (0, 2)


def test_surroundings_are_upright_and_so_many_times_as_large():
    tilted = Rois(np.float32([[30, 40]]), np.float32([[50, 50]]), np.float32([0.7]))
    around = enlarged_upright(tilted, 2.5)
    assert around.centres.tolist() == [[30, 40]]
    assert around.sizes_wh.tolist() == [[125, 125]]
    corners = transform_points(image_from_crop(around, 1), np.float32([[(0, 0), (1, 1)]]))
    assert corners[0] == pytest.approx(np.array([(-32.5, -22.5), (92.5, 102.5)]))
