"""The correction of the view angle: smooth, alike on both sides, and the same in all cameras."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ideal_faces import angle_deg, rotation_about
from posed_faces import turned

from facemesh_ros.attributes.head_pose import HeadPose
from facemesh_ros.attributes.view_angle import ViewAngleCorrection

AT_M = np.array([0.0, 0.0, 0.7])
CORRECTION = ViewAngleCorrection()
yaws, pitches = st.floats(-85, 85), st.floats(-60, 60)


def view_angle_deg(pose: HeadPose) -> float:
    return float(np.degrees(pose.view_angle_rad))


@given(yaws, pitches)
def test_a_head_is_turned_farther_away_never_much(yaw, pitch):
    seen = HeadPose(turned(yaw, pitch), AT_M)
    found = CORRECTION.apply(seen)
    assert -0.5 < view_angle_deg(found) - view_angle_deg(seen) < 9
    assert 0.7 <= np.linalg.norm(found.position_m) < 0.8


@given(yaws, pitches)
def test_both_sides_are_alike(yaw, pitch):
    left = CORRECTION.apply(HeadPose(turned(yaw, pitch), AT_M))
    right = CORRECTION.apply(HeadPose(turned(-yaw, pitch), AT_M))
    mirror = np.diag([-1.0, 1, 1])
    assert mirror @ left.rotation @ np.diag([1, -1, 1]) == pytest.approx(right.rotation, abs=1e-9)
    assert mirror @ left.position_m == pytest.approx(right.position_m, abs=1e-9)


@given(yaws, pitches, st.floats(-170, 170))
def test_any_camera_axes_will_do(yaw, pitch, degrees):
    seen = HeadPose(turned(yaw, pitch), AT_M)
    turn = rotation_about(np.array([0.6, 0.64, -0.48]), degrees)
    one, other = CORRECTION.apply(seen).turned(turn), CORRECTION.apply(seen.turned(turn))
    assert angle_deg(one.rotation, other.rotation) < 1e-4
    assert one.position_m == pytest.approx(other.position_m, abs=1e-9)


@given(yaws, pitches)
def test_near_poses_stay_near(yaw, pitch):
    one = CORRECTION.apply(HeadPose(turned(yaw, pitch), AT_M))
    other = CORRECTION.apply(HeadPose(turned(yaw + 0.05, pitch + 0.05), AT_M))
    assert angle_deg(one.rotation, other.rotation) < 0.15


@given(yaws, pitches)
def test_exact_landmarks_need_none(yaw, pitch):
    seen = HeadPose(turned(yaw, pitch), AT_M)
    found = ViewAngleCorrection.none().apply(seen)
    assert found.rotation == pytest.approx(seen.rotation, abs=1e-9)
    assert found.position_m == pytest.approx(AT_M, abs=1e-12)
