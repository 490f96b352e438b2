"""Observed landmarks in metres: on their rays, with their expression, the same in every view."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ideal_faces import CAMERAS, IdealFace, View, with_irises

from facemesh_ros.attributes.posed_face import PosedFace, pose_face
from facemesh_ros.attributes.view_angle import ViewAngleCorrection
from facemesh_ros.geometry.shape_model import IRIS_DISTANCE_M, load_shape_model

MODEL = load_shape_model()
CAMERA = CAMERAS['plumb_bob']
LIPS = [13, 14]


def posed(face: IdealFace) -> PosedFace:
    return pose_face(face.landmarks(CAMERA), CAMERA, correction=ViewAngleCorrection.none())


def expressive(name: str) -> np.ndarray:
    return MODEL.mean_m + MODEL.expressions_m[MODEL.expression_names.index(name)]


@given(st.floats(0, 60), st.floats(0, 360), st.floats(300, 1000), st.floats(300, 700))
def test_each_is_on_its_own_ray(angle, towards, x, y):
    face = View((x, y), 0.6, angle, towards).of(CAMERA, MODEL.mean_m)
    landmarks = face.landmarks(CAMERA)
    points_m = pose_face(landmarks, CAMERA).landmarks_m
    assert CAMERA.pixels_from_points(points_m) == pytest.approx(landmarks[:, :2], abs=0.01)


@pytest.mark.parametrize('angle', [0, 20, 40])
def test_an_open_mouth_is_open(angle):
    shape_m = expressive('jawOpen')
    face = View((640, 480), 0.6, angle, 30).of(CAMERA, shape_m)
    found = posed(face)
    lips_m = found.landmarks_m[LIPS] - found.pose.position_m
    true_m = np.linalg.norm(shape_m[LIPS[0]] - shape_m[LIPS[1]])
    assert true_m > 0.02
    assert np.linalg.norm(lips_m[0] - lips_m[1]) == pytest.approx(true_m, rel=0.06)
    true_lips_m = face.points_m[LIPS] - face.position_m
    assert lips_m.mean(axis=0) == pytest.approx(true_lips_m.mean(axis=0), abs=0.004)


def test_a_turned_head_keeps_its_shape():
    shapes = []
    for angle in (0, 20, 40):
        face = View((640, 480), 0.6, angle, 0).of(CAMERA, MODEL.mean_m)
        found = posed(face)
        shapes.append((found.landmarks_m - found.pose.position_m) @ found.pose.rotation)
    for shape in shapes[1:]:
        off = np.linalg.norm(shape - shapes[0], axis=1)
        assert np.sqrt(np.mean(off**2)) < 0.0015


def test_irises_are_on_the_eyeballs():
    eyeballs_m = MODEL.eyeballs(np.zeros(0))
    face = View((640, 480), 0.6, 15, 0).of(CAMERA, with_irises(MODEL.mean_m, eyeballs_m))
    found = posed(face)
    irises_m = found.landmarks_m[468:].reshape(2, 5, 3)
    centres_m = found.pose.in_optical_frame(eyeballs_m)
    distances_m = np.linalg.norm(irises_m - centres_m[:, None], axis=2)
    assert np.all(distances_m < IRIS_DISTANCE_M + 0.002)
    assert irises_m[:, 0] == pytest.approx(face.points_m[[468, 473]], abs=0.002)
