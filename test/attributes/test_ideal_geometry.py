"""Poses of ideal faces: landmarks projected through each lens by OpenCV, at known places."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ideal_faces import CAMERAS, IMAGE_WH, IdealFace, View, angle_deg, ideal_estimator

from facemesh_ros.attributes.head_estimator import HeadEstimator
from facemesh_ros.geometry.canonical_face import canonical_face_m
from facemesh_ros.geometry.shape_model import load_shape_model
from facemesh_ros.types import Camera, Frame, MetricFaces, PixelOrder

LENSES = sorted(CAMERAS)
IMAGE = np.zeros(IMAGE_WH[::-1], np.uint8)
views = st.builds(
    View,
    pixel=st.tuples(st.floats(400, 900), st.floats(350, 650)),
    distance_m=st.floats(0.3, 5),
    angle_deg=st.floats(0, 70),
    towards_deg=st.floats(0, 360),
    roll_deg=st.floats(-40, 40),
)


def estimate(
    camera: Camera, *landmarks: np.ndarray, estimator: HeadEstimator | None = None
) -> MetricFaces:
    """Return one face in space after images of landmarks (L, 3) px each."""
    estimator = estimator or ideal_estimator()
    for number, points in enumerate(landmarks):
        frame = Frame(IMAGE, PixelOrder.MONO, number * 33_000_000, camera)
        faces = estimator.update(np.array([1]), points[None], frame, 'canonical')
        assert estimator.problem == ''
    return faces


def errors(found: MetricFaces, face: IdealFace) -> tuple[float, float]:
    """Return those of the rotation in degrees, of the position in % of the distance."""
    off = np.linalg.norm(found.positions_m[0] - face.position_m)
    return (
        angle_deg(found.rotations[0], face.rotation),
        float(100 * off / np.linalg.norm(face.position_m)),
    )


@pytest.mark.parametrize('lens', LENSES)
@settings(max_examples=30)
@given(view=views)
def test_an_ideal_face_is_placed_exactly(lens, view):
    camera = CAMERAS[lens]
    face = view.of(camera, canonical_face_m())
    rotation_deg, position_percent = errors(estimate(camera, face.landmarks(camera)), face)
    assert rotation_deg < 0.2
    assert position_percent < 0.3


@pytest.mark.parametrize('lens', LENSES)
def test_independent_noise_of_one_pixel_hardly_matters(lens):
    camera = CAMERAS[lens]
    draw = np.random.default_rng(7)
    found = []
    for _ in range(60):
        view = View(
            pixel=(draw.uniform(400, 900), draw.uniform(350, 650)),
            # Up to where the outer corners of the eyes are 26 px apart.
            distance_m=draw.uniform(0.3, 1.5 if lens == 'equidistant' else 3.0),
            angle_deg=draw.uniform(0, 45),
            towards_deg=draw.uniform(0, 360),
            roll_deg=draw.uniform(-40, 40),
        )
        face = view.of(camera, canonical_face_m())
        landmarks = face.landmarks(camera)
        landmarks += draw.normal(size=landmarks.shape).astype(np.float32)
        found.append(errors(estimate(camera, landmarks), face))
    rotation_deg, position_percent = np.percentile(found, 95, axis=0)
    assert rotation_deg < 1.5
    assert position_percent < 2.5


@pytest.mark.parametrize('lens', LENSES)
@pytest.mark.parametrize('away_deg', [0, 35])
def test_a_face_moved_across_the_image_keeps_its_metric_shape(lens, away_deg):
    camera = CAMERAS[lens]
    shape_m = canonical_face_m()
    size_m = np.sqrt(np.mean(np.sum((shape_m - shape_m.mean(axis=0)) ** 2, axis=1)))
    for x in (200, 640, 1080):
        for y in (180, 480, 780):
            face = View((x, y), 0.7, away_deg, 20).of(camera, shape_m)
            found = estimate(camera, face.landmarks(camera)).landmarks_m[0].astype(float)
            off = found - face.points_m
            off -= off.mean(axis=0)
            assert np.sqrt(np.mean(np.sum(off**2, axis=1))) < 0.01 * size_m


@pytest.mark.parametrize('lens', LENSES)
@pytest.mark.parametrize('away_deg', [0, 35])
def test_a_person_moved_across_the_image_keeps_the_metric_shape(lens, away_deg):
    camera = CAMERAS[lens]
    shapes = load_shape_model()
    shape_m = shapes.shape(np.random.default_rng(3).normal(size=len(shapes.modes_m)))
    found = []
    for x in (200, 640, 1080):
        for y in (180, 480, 780):
            face = View((x, y), 0.7, away_deg, 20).of(camera, shape_m)
            faces = estimate(camera, face.landmarks(camera), estimator=HeadEstimator())
            off = faces.landmarks_m[0].astype(float) - faces.positions_m[0]
            found.append(off @ faces.rotations[0])
    middle = np.mean(found, axis=0)
    size_m = np.sqrt(np.mean(np.sum((middle - middle.mean(axis=0)) ** 2, axis=1)))
    for shape in found:
        off = shape - middle
        off -= off.mean(axis=0)
        assert np.sqrt(np.mean(np.sum(off**2, axis=1))) < 0.01 * size_m
