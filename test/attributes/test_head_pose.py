"""Poses of faces of known shape: through any lens, with outliers and expressions, from afar."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ideal_faces import CAMERAS, View, angle_deg

from facemesh_ros import native
from facemesh_ros.attributes.head_pose import HeadPose
from facemesh_ros.attributes.identity import unknown_person
from facemesh_ros.attributes.landmark_weights import rigid_landmarks
from facemesh_ros.attributes.posed_face import pose_face
from facemesh_ros.attributes.view_angle import ViewAngleCorrection
from facemesh_ros.geometry.shape_model import load_shape_model

MODEL = load_shape_model()
PINHOLE = CAMERAS['pinhole']
coefficients = st.lists(st.floats(-2, 2), min_size=10, max_size=10).map(np.array)
angles = st.floats(-180, 180)


class AllRoundCamera:
    """An equidistant lens that sees all directions but the one straight behind it."""

    focal_px = 300.0

    def rays_from_pixels(self, pixels: np.ndarray) -> np.ndarray:
        radius = np.hypot(pixels[..., 0], pixels[..., 1]) / self.focal_px
        across = np.sinc(radius / np.pi)[..., None] * pixels / self.focal_px
        return np.concatenate([across, np.cos(radius)[..., None]], axis=-1)

    def pixels_from_points(self, points: np.ndarray) -> np.ndarray:
        radius = np.hypot(points[..., 0], points[..., 1])
        scale = self.focal_px * np.arctan2(radius, points[..., 2]) / radius
        return scale[..., None] * points[..., :2]


def found_pose(landmarks: np.ndarray, camera, shape_m: np.ndarray) -> HeadPose:
    person = unknown_person(replace(MODEL, mean_m=shape_m))
    return pose_face(landmarks, camera, person, ViewAngleCorrection.none()).pose


@given(st.floats(1, 150), angles, coefficients, st.floats(0, 75), angles, angles)
def test_a_face_is_placed_wherever_a_lens_sees_it(off_axis, around, drawn, angle, towards, roll):
    camera, shape_m = AllRoundCamera(), MODEL.shape(drawn)
    radius, turn = 300 * np.radians(off_axis), np.radians(around)
    pixel = (radius * np.cos(turn), radius * np.sin(turn))
    face = View(pixel, 0.6, angle, towards, roll).of(camera, shape_m)
    pose = found_pose(face.landmarks(camera), camera, shape_m)
    assert angle_deg(pose.rotation, face.rotation) < 0.2
    assert pose.position_m == pytest.approx(face.position_m, abs=0.001)


@pytest.mark.parametrize('seed', range(100))
def test_what_hides_a_part_of_the_face_hardly_turns_it(seed):
    draw = np.random.default_rng(seed)
    view = View((640, 480), 0.6, draw.uniform(0, 50), draw.uniform(0, 360))
    face = view.of(PINHOLE, MODEL.mean_m)
    landmarks = face.landmarks(PINHOLE)
    hidden = draw.choice(rigid_landmarks(), 40, replace=False)
    landmarks[hidden, :2] += draw.uniform(-60, 60, (40, 2))  # up to 4 cm
    pose = found_pose(landmarks, PINHOLE, MODEL.mean_m)
    assert angle_deg(pose.rotation, face.rotation) < 2
    assert pose.position_m == pytest.approx(face.position_m, abs=0.02)


@pytest.mark.parametrize('name', MODEL.expression_names)
def test_an_expression_does_not_turn_the_head(name):
    expression_m = 0.5 * MODEL.expressions_m[MODEL.expression_names.index(name)]
    for towards in (0, 90, 180, 270):
        view = View((640, 480), 0.6, 25, towards)
        still = view.of(PINHOLE, MODEL.mean_m)
        shown = View((640, 480), 0.6, 25, towards).of(PINHOLE, MODEL.mean_m + expression_m)
        pose = found_pose(shown.landmarks(PINHOLE), PINHOLE, MODEL.mean_m)
        assert angle_deg(pose.rotation, still.rotation) < 2.5


@given(angles, st.floats(10, 60), st.integers(0, 2**32 - 1))
def test_a_far_face_is_not_seen_inside_out(towards, angle, seed):
    draw = np.random.default_rng(seed)
    face = View((640, 480), 5, angle, towards).of(PINHOLE, MODEL.mean_m)
    landmarks = face.landmarks(PINHOLE)
    landmarks += draw.normal(size=landmarks.shape).astype(np.float32)
    pose = found_pose(landmarks, PINHOLE, MODEL.mean_m)
    assert angle_deg(pose.rotation, face.rotation) < 12


def test_the_sellion_is_put_where_its_landmarks_are_seen():
    shape_m = MODEL.mean_m.copy()
    other = np.setdiff1d(np.arange(468), [168, 6, 8, 193, 417, 122, 351, 197, 245, 465])
    shape_m[other, 2] -= 0.004  # the rest of this face is lower than the model's
    face = View((640, 480), 0.6, 10, 45).of(PINHOLE, shape_m)
    at = found_pose(face.landmarks(PINHOLE), PINHOLE, MODEL.mean_m).position_m
    across = at / np.linalg.norm(at) - face.position_m / np.linalg.norm(face.position_m)
    assert np.degrees(np.linalg.norm(across)) < 0.05


@pytest.mark.parametrize('noise_px', [0, 0.5, 2])
def test_more_steps_would_not_move_a_pose(noise_px):
    """A fit stops where going on changes less than .03° and .3 mm, whatever the landmarks."""
    draw = np.random.default_rng(5)
    for _ in range(40):
        drawn = MODEL.shape(draw.normal(size=10))
        view = View((640, 480), draw.uniform(0.3, 1.5), draw.uniform(0, 60), draw.uniform(0, 360))
        landmarks = view.of(PINHOLE, drawn).landmarks(PINHOLE)
        landmarks[:, :2] += draw.normal(0, noise_px, (468, 2))
        found, settled = (
            fitted(landmarks, **limits)
            for limits in ({}, {'settled': 0, 'last_step': 1e-9, 'max_passes': 40})
        )
        assert angle_deg(found.rotation, settled.rotation) < 0.03
        sight = settled.position_m / np.linalg.norm(settled.position_m)
        off_m = found.position_m - settled.position_m
        assert np.abs(off_m @ sight) < 3e-4


def fitted(landmarks: np.ndarray, **limits: float) -> HeadPose:
    """Return the pose of a mean face by a fit that ends at other limits."""
    rays = PINHOLE.rays_from_pixels(landmarks[:, :2])[None]
    faces, people = np.float32(landmarks)[None], [unknown_person(MODEL)]
    _, rotations, positions_m, *_ = native.pose_faces(
        people, faces, rays, np.array([False]), ViewAngleCorrection.none().numbers, **limits
    )
    return HeadPose(rotations[0], positions_m[0])
