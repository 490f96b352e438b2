"""Where the landmark model looks, given a detected face."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.core.affine import image_from_crop
from facemesh_ros.core.rois import rois_from_detections
from facemesh_ros.core.types import FaceDetections


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
