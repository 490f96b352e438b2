"""Covariances of poses: well formed, the same in all cameras, not too small for shared errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ideal_faces import CAMERAS, View, rotation_about
from posed_faces import turned
from shared_errors import shared_errors

from facemesh_ros.attributes.head_pose import HeadPose
from facemesh_ros.attributes.pose_covariance import RANGE_SIGMA, pose_covariance
from facemesh_ros.attributes.posed_face import pose_face
from facemesh_ros.attributes.view_angle import ViewAngleCorrection
from facemesh_ros.geometry.shape_model import load_shape_model

MODEL = load_shape_model()
CAMERA = CAMERAS['pinhole']
ADULT_SPREAD = 0.055
LANDMARK_SIGMA_M = 0.002  # per axis; what stays of a scan of known shape and pose


@given(st.floats(-80, 80), st.floats(-60, 60), st.floats(0.3, 5), st.floats(-170, 170))
def test_it_is_a_covariance_whatever_the_camera_axes(yaw, pitch, distance_m, degrees):
    pose = HeadPose(turned(yaw, pitch), np.array([0.1, -0.2, distance_m]))
    turn = rotation_about([0.6, 0.64, -0.48], degrees)
    covariance = pose_covariance(pose, 0.06)
    assert covariance == pytest.approx(covariance.T, abs=1e-15)
    assert np.linalg.eigvalsh(covariance).min() > 0
    both = np.kron(np.eye(2), turn)
    expected = both @ covariance @ both.T
    assert pose_covariance(pose.turned(turn), 0.06) == pytest.approx(expected, abs=1e-12)


def test_it_says_how_far_and_grows_with_the_view_angle():
    frontal = pose_covariance(HeadPose(turned(0), np.array([0, 0, 2.0])), 0.05)
    aside = pose_covariance(HeadPose(turned(45), np.array([0, 0, 2.0])), 0.05)
    assert np.sqrt(frontal[2, 2]) == pytest.approx(0.1)
    for covariance, degrees in ((frontal, 3), (aside, 6)):
        turn_deg = np.degrees(np.sqrt(np.trace(covariance[3:, 3:])))
        assert turn_deg == pytest.approx(degrees, abs=0.6)


def test_a_wrong_distance_moves_a_face_off_centre_along_its_ray():
    at = np.array([0.5, 0, 0.5])
    covariance = pose_covariance(HeadPose(turned(0), at), 0.05)
    assert covariance[0, 2] == pytest.approx(0.025**2, rel=0.05)


def test_errors_that_neighbours_share_are_covered():
    draw = np.random.default_rng(11)
    normalised = []
    for seed in range(200):
        size = np.exp(draw.normal() * ADULT_SPREAD)
        shape_m = MODEL.shape(draw.normal(size=len(MODEL.modes_m)))
        shape_m = size * shape_m * mean_size(MODEL.mean_m) / mean_size(shape_m)
        view = View((640, 480), draw.uniform(0.4, 1), draw.uniform(0, 45), draw.uniform(0, 360))
        face = view.of(CAMERA, shape_m)
        landmarks = face.landmarks(CAMERA)
        landmarks[:, :2] += LANDMARK_SIGMA_M * 880 / view.distance_m * shared_errors(seed)
        pose = pose_face(landmarks, CAMERA, correction=ViewAngleCorrection.none()).pose
        turn = face.rotation @ pose.rotation.T
        vector = [turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]
        error = np.concatenate([face.position_m - pose.position_m, np.array(vector) / 2])
        covariance = pose_covariance(pose, float(np.hypot(ADULT_SPREAD, RANGE_SIGMA)))
        normalised.append(error @ np.linalg.solve(covariance, error) / 6)
    assert 0.4 < np.mean(normalised) < 1.4


def mean_size(shape_m: np.ndarray) -> float:
    return float(np.linalg.norm(shape_m[33] - shape_m[263]))
