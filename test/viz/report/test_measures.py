"""Angles, distances and openings against rotations and shapes that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from face_recordings import info, no_metres, placed_face
from hypothesis import given
from hypothesis import strategies as st
from ideal_faces import FACING

from facemesh_ros.geometry.rotations import rotation_from_vector
from facemesh_ros.viz.report.measures import FaceMeter, head_angles

ANGLES = st.floats(-80, 80)


def about(axis: int, degrees: float) -> np.ndarray:
    vector = np.zeros(3)
    vector[axis] = math.radians(degrees)
    return rotation_from_vector(vector)


@given(yaw=st.floats(-170, 170), pitch=ANGLES, roll=st.floats(-170, 170))
def test_angles_are_those_that_the_head_was_turned_by(yaw, pitch, roll):
    """About z up, then the y to the left, then the x ahead, of REP-155 (pitch up is negative)."""
    rotation = FACING @ about(2, yaw) @ about(1, -pitch) @ about(0, roll)
    assert head_angles(rotation) == pytest.approx((yaw, pitch, roll), abs=1e-6)


def test_signs_are_those_of_the_words():
    """Left of the person is right in the image: +x; up in the image is -y."""
    left = head_angles(FACING @ about(2, 20))
    assert left.yaw == pytest.approx(20)
    assert (FACING @ about(2, 20))[0, 0] > 0
    up = head_angles(FACING @ about(1, -20))
    assert up.pitch == pytest.approx(20)
    assert (FACING @ about(1, -20))[1, 0] < 0
    tilted = head_angles(FACING @ about(0, 20))
    assert tilted.roll == pytest.approx(20)
    # The person's left side goes up in the image.
    assert (FACING @ about(0, 20))[1, 1] < 0


def test_a_face_in_space_is_measured():
    position = np.array([0.3, -0.1, 1.2])
    towards = -position / np.linalg.norm(position)
    face = placed_face('f00001', position, FACING @ about(2, 30), sigma_m=0.06, gaze=towards)
    measured = FaceMeter().measure(face, info())
    assert measured.yaw == pytest.approx(30, abs=1e-4)
    assert measured.distance == pytest.approx(np.linalg.norm(position))
    # Variances are 1e-4, 1e-4 and 0.06² along x, y, z.
    along = position / np.linalg.norm(position)
    variance = along @ np.diag([1e-4, 1e-4, 0.06**2]) @ along
    assert measured.distance_sigma == pytest.approx(math.sqrt(variance))
    assert measured.gaze_yaw == pytest.approx(math.degrees(math.atan2(towards[0], -towards[2])))
    assert measured.at_camera == 1.0
    assert measured.off_camera < 2  # from the eyes, not from the sellion
    away = placed_face('f00001', position, gaze=(1.0, 0.0, 0.0))
    assert FaceMeter().measure(away, info()).at_camera == 0.0


def test_without_metres_only_what_is_in_pixels_is_known():
    measured = FaceMeter().measure(placed_face(is_metric=False), info())._asdict()
    unknown = {name for name, value in measured.items() if math.isnan(value)}
    assert unknown == {
        'yaw',
        'pitch',
        'roll',
        'gaze_yaw',
        'gaze_pitch',
        'off_camera',
        'off_camera_sigma',
        'at_camera',
        'distance',
        'distance_sigma',
        'blink',  # no blendshapes
    }
    assert no_metres()['metric_source'] == 0


@pytest.mark.parametrize('known', [None, info(point_names=[], point_landmarks=[])])
def test_names_are_todays_where_an_older_info_has_none(known):
    face = placed_face()
    assert FaceMeter().measure(face, known).eye == FaceMeter().measure(face, info()).eye


def test_a_blink_by_blendshapes_is_the_mean_of_both_eyes():
    face = placed_face(blendshapes=np.float32([0.0, 0.8, 0.4, 0.1]))
    assert FaceMeter().measure(face, info()).blink == pytest.approx(0.6)
    # Of a model whose info was not recorded.
    assert math.isnan(FaceMeter().measure(face, info(blendshape_names=['other'])).blink)
