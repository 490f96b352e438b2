"""Benchmark of the geometry: its measures are what they say, on truth made by hand."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from geometry_measurements.depth_faults import SENSORS, FacePlace, shifted, with_wall
from geometry_measurements.goals import Goal, goal_table
from geometry_measurements.ideal_faces import LENSES, facing, projected
from geometry_measurements.lens_calibration import LensCalibration
from geometry_measurements.off_centre import shape_change
from geometry_measurements.pose_errors import (
    EXPECTED_NORMALISED_ERROR,
    EstimatedPose,
    angle_deg,
    normalised_error,
    pose_errors,
    rotation_deg,
    rotation_vector,
)
from geometry_measurements.rigid_face import facing_camera, rigid_differences, rigid_landmarks
from geometry_measurements.scan import judge
from geometry_measurements.scan import summary as scan_summary
from geometry_measurements.systems import MediaPipeFace, canonical_pnp, rotation_between
from geometry_measurements.truth_sets import WorldCamera, world_cameras
from geometry_measurements.views import WorldFace, pair_difference, pair_differences
from hypothesis import given
from hypothesis import strategies as st
from mediapipe_geometry import VERTICAL_FOV_RAD, matrix_from_landmarks, pose_from_matrix

from facemesh_ros.geometry.camera import Intrinsics
from facemesh_ros.geometry.canonical_face import canonical_face_m, load_topology

vectors = st.tuples(*[st.floats(-1, 1)] * 3).map(np.array)
axes = vectors.filter(lambda vector: np.linalg.norm(vector) > 0.1)
FRONTAL = facing(0, 0, 0)


def turned(vector) -> np.ndarray:
    return cv2.Rodrigues(np.asarray(vector, float))[0]


@given(axes, st.floats(1e-6, 3.1))
def test_a_rotation_vector_is_axis_times_angle(axis, angle):
    vector = axis / np.linalg.norm(axis) * angle
    assert rotation_vector(turned(vector)) == pytest.approx(vector, abs=1e-6)
    assert rotation_deg(np.eye(3), turned(vector)) == pytest.approx(math.degrees(angle), abs=1e-4)


@given(vectors, vectors)
def test_the_angle_between_orientations_has_no_direction(first, second):
    a, b = turned(first), turned(second)
    assert rotation_deg(a, b) == pytest.approx(rotation_deg(b, a), abs=1e-9)
    assert rotation_deg(a, a) == pytest.approx(0, abs=1e-6)


def test_angles_of_directions_do_not_depend_on_their_lengths():
    assert angle_deg(np.array([0, 0, 2.0]), np.array([3.0, 0, 3.0])) == pytest.approx(45)


def test_errors_of_a_pose_that_is_too_far_turned_and_beside():
    true = EstimatedPose(facing(math.radians(30), 0, 0), np.array([0.0, 0, 1]))
    sideways = math.radians(2)
    at = 1.1 * np.array([math.sin(sideways), 0, math.cos(sideways)])
    covariance = np.diag([0.05**2] * 3 + [math.radians(4) ** 2] * 3)
    found = pose_errors(EstimatedPose(facing(math.radians(36), 0, 0), at, covariance), true)
    assert found.rotation_deg == pytest.approx(6)
    assert found.bearing_deg == pytest.approx(2)
    assert found.distance_percent == pytest.approx(10)
    assert found.distance_sigmas == pytest.approx(2)
    # By 6 degrees turned on, and by 2 seen from beside, to one side or the other.
    assert abs(found.view_angle_deg) == pytest.approx(6 + 2) or found.view_angle_deg == (
        pytest.approx(6 - 2)
    )
    off = np.linalg.norm(at - true.position_m) / 0.05
    assert found.normalised == pytest.approx((off**2 + 1.5**2) / 6)


def test_a_pose_without_covariance_promises_nothing():
    pose = EstimatedPose(FRONTAL, np.array([0.0, 0, 1]))
    found = pose_errors(pose, pose)
    assert math.isnan(found.normalised)
    assert math.isnan(found.distance_sigmas)


def test_errors_drawn_from_the_covariance_are_as_expected():
    random = np.random.default_rng(0)
    root = random.normal(0, 0.02, (6, 6))
    covariance = root @ root.T
    true = EstimatedPose(FRONTAL, np.array([0.1, 0, 1]))
    found = []
    for error in (root @ random.normal(size=(6, 4000))).T:
        pose = EstimatedPose(turned(-error[3:]) @ true.rotation, true.position_m - error[:3])
        found.append(normalised_error(pose, true, covariance))
    assert np.mean(found) == pytest.approx(1, abs=0.05)
    assert np.median(found) == pytest.approx(EXPECTED_NORMALISED_ERROR, abs=0.05)


def test_pictures_without_a_pose_are_counted(tmp_path):
    errors = pose_errors(*[EstimatedPose(FRONTAL, np.array([0.0, 0, 1]))] * 2)
    assert errors.rotation_deg == pytest.approx(0, abs=1e-6)
    assert scan_summary([])['rotation'] is None

    class Picture:
        kind, view_angle_deg = 'g', 0.0
        true = EstimatedPose(FRONTAL, np.array([0.0, 0, 1]))

    row = scan_summary([judge(Picture, None), judge(Picture, Picture.true)])
    assert (row['n'], row['of'], row['normalised']) == (1, 2, None)


@pytest.mark.parametrize('missing', [None, math.nan])
def test_a_goal_whose_measure_or_limit_could_not_be_had_is_not_reached(missing):
    goals = [
        Goal('', '', 0, missing, high=3.5, mediapipe=8.0),
        Goal('', '', 0, missing, low=95),
        Goal('', '', 0, missing, low=0.7, high=1.4),
        Goal('', 'against a peer', 9, 4.0, high=missing, mediapipe=missing),
    ]
    assert not any(goal.is_reached for goal in goals)
    assert goal_table(goals).as_text().count('NO') == len(goals)


def test_a_face_that_was_not_placed_is_no_steady_shape():
    shape = canonical_face_m()
    unknown = np.full_like(shape, np.nan)
    assert shape_change(shape, shape) == pytest.approx((0, 0), abs=1e-3)
    assert np.isnan([shape_change(shape, unknown), shape_change(unknown, shape)]).all()


def test_a_goal_is_reached_within_its_limits():
    assert Goal('', '', 1, 3.5, high=3.5).is_reached
    assert not Goal('', '', 1, 3.6, high=3.5).is_reached
    assert not Goal('', '', 1, 0.5, low=0.7, high=1.4).is_reached
    text = goal_table([Goal('scan', 'rotation', 9, 4.0, high=3.5, mediapipe=8.0)]).as_text()
    assert 'NO' in text
    assert '0.50' in text


def world_camera(rotation, translation) -> WorldCamera:
    return WorldCamera(None, LENSES['none'], rotation, np.asarray(translation, float))


@given(vectors, vectors, vectors)
def test_cameras_that_are_right_agree_in_the_world(first, second, at):
    head = EstimatedPose(turned(at), at)
    faces = []
    for turn in (first, second):
        rotation, translation = turned(turn), np.array([0.1, 0.2, 4.0]) + turn
        seen = EstimatedPose(
            rotation @ head.rotation, rotation @ head.position_m + translation, np.eye(6) * 1e-4
        )
        gazes = np.tile(rotation @ np.array([0.6, 0.8, 0]), (2, 1)) @ rotation
        in_world = world_camera(rotation, translation).in_world(seen)
        faces.append(WorldFace(in_world, 0.0, seen.distance_m, gazes))
    found = pair_difference(*faces)
    assert found.rotation_deg == pytest.approx(0, abs=1e-4)
    assert found.position_percent == pytest.approx(0, abs=1e-6)
    assert found.gaze_deg == pytest.approx(0, abs=1e-4)
    assert found.normalised == pytest.approx(0, abs=1e-6)


def test_each_pair_of_cameras_that_see_the_face_counts_once():
    pose = EstimatedPose(np.eye(3), np.array([0.0, 0, 2]))
    beside = EstimatedPose(turned([0, 0, 0.1]), np.array([0.04, 0, 2]))
    none = np.full((2, 3), np.nan)
    faces = [WorldFace(each, 10, 2.0, none) for each in (pose, beside)]
    tracks = [[faces[0], None], [faces[1], faces[1]], [None, faces[0]]]
    found = list(pair_differences(tracks))
    assert len(found) == 2
    assert [each.position_percent for each in found] == pytest.approx([2, 2])
    assert [each.rotation_deg for each in found] == pytest.approx([math.degrees(0.1)] * 2)


def test_cameras_are_read_from_their_table(tmp_path):
    (tmp_path / 'camera_array.toml').write_text(
        '[cameras.0]\nerror = 0.5\nsize = [640, 480]\nmatrix = [[500.0, 0.0, 320.0], '
        '[0.0, 501.0, 240.0], [0.0, 0.0, 1.0]]\ndistortions = [-0.1, 0.0, 0.0, 0.0, 0.0]\n'
        'translation = [0.1, 0.2, 0.3]\nrotation = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], '
        '[0.0, 0.0, 1.0]]\n\n[other]\nsize = [1, 2]\n'
    )
    (camera,) = world_cameras(tmp_path)
    assert camera.video == tmp_path / 'cam_0.mp4'
    assert camera.lens.image_wh == (640, 480)
    assert camera.lens.k[1, 1] == 501
    assert camera.translation_m.tolist() == [0.1, 0.2, 0.3]


@pytest.mark.parametrize('lens', LENSES.values(), ids=LENSES)
def test_an_ideal_face_is_seen_where_it_is(lens):
    pose = EstimatedPose(facing(0.3, -0.2, 0.1), np.array([0.12, 0.05, 0.7]))
    landmarks = projected(pose, lens)
    rays = np.column_stack([lens.undistorted(landmarks[:, :2]), np.ones(468)])
    placed = canonical_face_m() @ pose.rotation.T + pose.position_m
    assert np.abs(rays * placed[:, 2:] - placed).max() < 1e-5
    assert landmarks[4, 2] < landmarks[234, 2]  # the nose is nearer than the ear
    found = canonical_pnp(landmarks, lens)
    assert rotation_deg(found.rotation, pose.rotation) < 0.05


@given(st.floats(-0.6, 0.6), st.floats(-0.4, 0.4))
def test_a_face_that_looks_into_the_camera_has_its_x_axis_towards_it(yaw, pitch):
    pose = EstimatedPose(facing(yaw, pitch, 0.3), np.array([0.0, 0, 1]))
    expected = math.degrees(math.acos(math.cos(yaw) * math.cos(pitch)))
    assert pose.view_angle_deg == pytest.approx(expected, abs=1e-5)
    assert np.linalg.det(pose.rotation) == pytest.approx(1)
    assert FRONTAL[:, 1].tolist() == [1, 0, 0]  # its left is on the right of the image


@given(axes, axes)
def test_the_smallest_rotation_between_two_directions(first, second):
    a, b = first / np.linalg.norm(first), second / np.linalg.norm(second)
    if a @ b < -0.9:
        return
    rotation = rotation_between(a, b)
    assert rotation @ a == pytest.approx(b, abs=1e-9)
    assert rotation_deg(np.eye(3), rotation) == pytest.approx(angle_deg(a, b), abs=1e-5)


def test_mediapipes_pose_is_right_where_its_virtual_camera_is_the_true_one():
    """And in a camera of twice the focal length the same picture is twice as far away."""
    wh = (640, 480)
    virtual = Intrinsics.from_vertical_fov(wh, VERTICAL_FOV_RAD)
    k = np.array([[virtual.fx, 0, virtual.cx], [0, virtual.fy, virtual.cy], [0, 0, 1]])
    true = EstimatedPose(facing(0.2, 0.1, 0.0), np.array([0.02, -0.01, 0.6]))
    landmarks = projected(true, LensCalibration(k, '', np.empty(0), wh))
    pose = pose_from_matrix(matrix_from_landmarks(landmarks, wh))
    as_given = EstimatedPose(pose.rotation, pose.position_m)
    face = MediaPipeFace(landmarks, as_given)
    same = face.in_camera(LensCalibration(k, '', np.empty(0), wh))
    assert rotation_deg(same.rotation, as_given.rotation) == pytest.approx(0, abs=1e-5)
    assert same.position_m == pytest.approx(as_given.position_m, rel=1e-6)
    assert same.distance_m == pytest.approx(0.6, rel=0.03)
    tele_k = k * np.array([[2, 1, 1], [1, 2, 1], [1, 1, 1]])
    tele = face.in_camera(LensCalibration(tele_k, '', np.empty(0), wh))
    assert tele.position_m[2] == pytest.approx(2 * same.position_m[2])


@given(vectors, st.floats(0.5, 2))
def test_a_shape_that_is_only_moved_turned_and_scaled_has_not_changed(turn, scale):
    shape = canonical_face_m()
    change, size = shape_change(scale * shape @ turned(turn).T + [1, 2, 3], shape)
    assert change == pytest.approx(0, abs=1e-4)
    assert size == pytest.approx(100 * (scale - 1), abs=1e-6)


def test_a_flattened_shape_has_changed():
    shape = canonical_face_m()
    change, _ = shape_change(shape * [0.5, 1, 1], shape)
    assert 5 < change < 50


@pytest.fixture
def face_on_wall():
    """A frontal face at 0.7 m as landmarks px, m, and its depth image with a wall behind."""
    pose = EstimatedPose(FRONTAL, np.array([0.0, 0, 0.7]))
    lens = LENSES['none']
    landmarks = projected(pose, lens)
    points = canonical_face_m() @ pose.rotation.T + pose.position_m
    depth = np.zeros((lens.image_wh[1], lens.image_wh[0]), np.float32)
    for triangle in load_topology(468).triangles.astype(int):
        corners = np.rint(landmarks[triangle, :2]).astype(np.int32)
        cv2.fillConvexPoly(depth, corners, float(points[triangle, 2].mean()))
    return landmarks, points, with_wall(depth)


def test_rigid_landmarks_that_lie_on_the_depth_are_within_a_few_mm(face_on_wall):
    landmarks, points, depth = face_on_wall
    found = rigid_differences(landmarks, points, depth)
    assert len(found) > 50
    assert np.median(np.abs(found)) < 0.003
    behind = rigid_differences(landmarks, points * 1.05, depth)
    assert np.median(behind) == pytest.approx(0.05 * 0.7, abs=0.005)


def test_rigid_landmarks_leave_out_what_moves():
    rigid = rigid_landmarks()
    assert not rigid[[13, 14, 152, 33, 159, 105]].any()  # lips, chin, eye, eyelid, brow
    assert rigid[[6, 9, 151]].all()  # bridge of the nose, between the brows, forehead


def test_what_faces_the_camera(face_on_wall):
    _, points, _ = face_on_wall
    cosines = facing_camera(points)
    assert cosines[9] > 0.8
    assert cosines[234] < cosines[9]  # before the ear
    turned_away = facing_camera(points * [-1, 1, -1] + [0, 0, 1.4])
    assert turned_away[9] < 0


def test_no_depth_around_a_landmark_leaves_it_out(face_on_wall):
    landmarks, points, depth = face_on_wall
    assert not len(rigid_differences(landmarks, points, np.zeros_like(depth)))


@pytest.mark.parametrize('name', SENSORS)
def test_faults_keep_most_of_the_face_where_it_is(face_on_wall, name):
    landmarks, _, depth = face_on_wall
    faulty = SENSORS[name](depth, FacePlace(landmarks), np.random.default_rng(0))
    assert faulty.dtype == np.float32
    known = faulty > 0
    assert 0.7 < known.mean() <= 1
    assert np.median(np.abs(faulty[known] - depth[known])) < 0.005
    x, y = np.rint(FacePlace(landmarks).mouth_xy).astype(int)
    assert (faulty[y, x] == 0) == (name in ('holes', 'all of them'))
    assert (name == 'exact') == np.array_equal(faulty, depth)


def test_a_shifted_depth_image_shows_the_face_elsewhere(face_on_wall):
    _, _, depth = face_on_wall
    moved = shifted(depth, (40.0, -10.0))
    assert np.array_equal(moved[100:600, 140:1100], depth[110:610, 100:1060])
