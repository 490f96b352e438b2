"""The pinhole camera, and faces before it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.geometry.affine import rotations_from_angles
from facemesh_ros.geometry.camera import (
    DEFAULT_VERTICAL_FOV_RAD,
    Intrinsics,
    points_by_weak_perspective,
)
from facemesh_ros.geometry.canonical_face import load_topology

EYES_M = 0.0889
CAMERA = Intrinsics(600, 600, 319.5, 239.5)
scales = st.floats(200, 5000)
angles = st.floats(-1.2, 1.2)


def face_px(scale=1500.0, yaw=0.0, roll=0.0, centre=(320.0, 240.0)) -> np.ndarray:
    """(1, 468, 3) px: the canonical face rotated, x right, y down, z away from the camera."""
    points = load_topology(468).canonical_vertices_m * (1, -1, -1)
    about_y = rotations_from_angles(np.array([yaw]))[0]
    about_z = rotations_from_angles(np.array([roll]))[0]
    points[:, [0, 2]] = points[:, [0, 2]] @ about_y.T
    points[:, :2] = points[:, :2] @ about_z.T
    return (scale * points + (*centre, 0)).astype(np.float32)[None]


@given(scales, angles, angles)
def test_outer_eye_corners_have_the_mean_distance_of_adults(scale, yaw, roll):
    points = points_by_weak_perspective(face_px(scale, yaw, roll), CAMERA)[0]
    assert np.linalg.norm(points[263] - points[33]) == pytest.approx(EYES_M, rel=1e-3)


@given(scales, angles)
def test_the_shape_is_that_of_the_landmarks(scale, yaw):
    landmarks = face_px(scale, yaw)
    points = points_by_weak_perspective(landmarks, CAMERA)
    ratio = (
        np.linalg.norm(points[0] - points[0, 0], axis=1)[1:]
        / np.linalg.norm(landmarks[0] - landmarks[0, 0], axis=1)[1:]
    )
    assert ratio == pytest.approx(np.full(467, ratio.mean()), rel=1e-2)


@given(
    st.tuples(st.floats(200, 2000), st.floats(200, 2000)),
    st.tuples(st.floats(100, 900), st.floats(100, 900)),
    st.tuples(st.floats(-500, 1500), st.floats(-500, 1500)),
)
def test_a_point_at_the_faces_mean_depth_is_seen_at_its_own_pixel(focal, middle, centre):
    camera = Intrinsics(*focal, *middle)
    landmarks = face_px(centre=centre)
    landmarks[..., 2] = 0
    x, y, depth = points_by_weak_perspective(landmarks, camera)[0].T
    assert camera.fx * x / depth + camera.cx == pytest.approx(landmarks[0, :, 0], abs=0.02)
    assert camera.fy * y / depth + camera.cy == pytest.approx(landmarks[0, :, 1], abs=0.02)


def test_distance_is_focal_length_times_size_over_pixels():
    face = face_px()
    eyes_px = np.linalg.norm(face[0, 263] - face[0, 33])
    near = points_by_weak_perspective(face, CAMERA)[0, :, 2]
    far = points_by_weak_perspective(face, Intrinsics(1200, 1200, 319.5, 239.5))[0, :, 2]
    assert (far - near) == pytest.approx(np.full(468, 600 * EYES_M / eyes_px), rel=1e-4)
    half = face_px(scale=750)
    half[..., 2] = 0
    face[..., 2] = 0
    ratio = points_by_weak_perspective(half, CAMERA) / points_by_weak_perspective(face, CAMERA)
    assert ratio[0, :, 2] == pytest.approx(np.full(468, 2), rel=1e-4)


def test_axes_are_those_of_the_optical_frame():
    forehead, chin, nose_tip, right_ear, left_ear = 10, 152, 4, 234, 454
    points = points_by_weak_perspective(face_px(), CAMERA)[0]
    assert points[chin, 1] > 0 > points[forehead, 1]
    assert points[left_ear, 0] > 0 > points[right_ear, 0]
    assert points[nose_tip, 2] == points[:, 2].min() > 0


def test_each_face_has_its_own_distance():
    faces = np.concatenate([face_px(1000), face_px(2000, centre=(100, 50))])
    together = points_by_weak_perspective(faces, CAMERA)
    for index in range(2):
        alone = points_by_weak_perspective(faces[index : index + 1], CAMERA)
        assert together[index] == pytest.approx(alone[0], rel=1e-6)
    assert points_by_weak_perspective(faces[:0], CAMERA).shape == (0, 468, 3)


@pytest.mark.filterwarnings('error')
def test_landmarks_that_all_coincide_stay_finite():
    points = points_by_weak_perspective(np.full((1, 478, 3), 5, np.float32), CAMERA)
    assert np.isfinite(points).all()


def test_the_landmarks_are_left_alone():
    landmarks = face_px()
    before = landmarks.copy()
    points_by_weak_perspective(landmarks, CAMERA)
    assert np.array_equal(landmarks, before)


def test_a_field_of_view_of_90_degrees_is_half_the_height():
    camera = Intrinsics.from_vertical_fov((640, 480), math.pi / 2)
    assert (camera.fx, camera.fy) == (pytest.approx(240), pytest.approx(240))
    assert (camera.cx, camera.cy) == (319.5, 239.5)


@given(st.integers(2, 4000), st.integers(2, 4000), st.floats(0.1, 3))
def test_the_edges_of_the_image_are_the_edges_of_the_field_of_view(width, height, fov_rad):
    camera = Intrinsics.from_vertical_fov((width, height), fov_rad)
    # The image begins half a pixel before the centre of its first row.
    top = math.atan2(camera.cy + 0.5, camera.fy)
    bottom = math.atan2(height - 0.5 - camera.cy, camera.fy)
    assert top == pytest.approx(fov_rad / 2)
    assert bottom == pytest.approx(fov_rad / 2)


def test_mediapipes_virtual_camera_sees_63_degrees():
    camera = Intrinsics.from_vertical_fov((640, 480), DEFAULT_VERTICAL_FOV_RAD)
    assert camera.fy == pytest.approx(391.6, abs=0.1)


@given(
    st.tuples(st.integers(0, 500), st.integers(0, 500)),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.tuples(st.integers(0, 300), st.integers(0, 300)),
)
def test_a_region_read_out_binned_sees_the_same_rays(offset, binning, pixel):
    sensor = Intrinsics(900.0, 800.0, 640.3, 355.8)
    image = sensor.cropped_and_binned(offset, binning)
    # The centre of an image pixel is the middle of the sensor pixels that it sums.
    first = np.add(offset, np.multiply(binning, pixel))
    middle = first + (np.array(binning) - 1) / 2
    ray = (middle - (sensor.cx, sensor.cy)) / (sensor.fx, sensor.fy)
    seen = (np.array(pixel) - (image.cx, image.cy)) / (image.fx, image.fy)
    assert seen == pytest.approx(ray, abs=1e-9)


def test_the_whole_sensor_unbinned_is_the_camera_itself():
    assert CAMERA.cropped_and_binned((0, 0), (1, 1)) == CAMERA
