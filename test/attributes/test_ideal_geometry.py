"""Poses of ideal faces: landmarks projected through each lens by OpenCV, at known places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ideal_faces import CAMERAS, IMAGE_WH, IdealFace, View, angle_deg

from facemesh_ros.attributes.head_estimator import HeadEstimator
from facemesh_ros.attributes.view_angle import ViewAngleCorrection
from facemesh_ros.geometry.canonical_face import canonical_face_m
from facemesh_ros.geometry.shape_model import ShapeModel, load_shape_model
from facemesh_ros.types import Camera, Frame, MetricFaces, PixelOrder

LENSES = sorted(CAMERAS)
IMAGE = np.zeros(IMAGE_WH[::-1], np.uint8)
PEOPLE = load_shape_model()
# A world in which everybody has the canonical face.
CANONICAL = replace(
    PEOPLE,
    mean_m=canonical_face_m(),
    modes_m=PEOPLE.modes_m[:0],
    eyeball_modes_m=PEOPLE.eyeball_modes_m[:0],
)
views = st.builds(
    View,
    pixel=st.tuples(st.floats(400, 900), st.floats(350, 650)),
    distance_m=st.floats(0.3, 5),
    angle_deg=st.floats(0, 70),
    towards_deg=st.floats(0, 360),
    roll_deg=st.floats(-40, 40),
)


def random_view(draw: np.random.Generator, most_m: float) -> View:
    """Return one of up to 45 degrees."""
    return View(
        pixel=(draw.uniform(400, 900), draw.uniform(350, 650)),
        distance_m=draw.uniform(0.3, most_m),
        angle_deg=draw.uniform(0, 45),
        towards_deg=draw.uniform(0, 360),
        roll_deg=draw.uniform(-40, 40),
    )


def estimate(camera: Camera, shapes: ShapeModel, *landmarks: np.ndarray) -> list[MetricFaces]:
    """Return one face in space after each image of its landmarks (L, 3) px, which are exact."""
    estimator = HeadEstimator(shapes, ViewAngleCorrection.none())
    found = []
    for number, points in enumerate(landmarks):
        frame = Frame(IMAGE, PixelOrder.MONO, number * 33_000_000, camera)
        found.append(estimator.update(np.array([1]), points[None], frame, 'canonical'))
        assert estimator.problem == ''
    return found


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
    found = estimate(camera, CANONICAL, face.landmarks(camera))[0]
    rotation_deg, position_percent = errors(found, face)
    assert rotation_deg < 0.2
    assert position_percent < 0.3


@pytest.mark.parametrize('lens', LENSES)
def test_independent_noise_of_one_pixel_hardly_matters(lens):
    camera = CAMERAS[lens]
    draw = np.random.default_rng(7)
    found = []
    for _ in range(60):
        # Up to where the outer corners of the eyes are 38 px apart.
        face = random_view(draw, 1 if lens == 'equidistant' else 2).of(camera, canonical_face_m())
        landmarks = face.landmarks(camera)
        landmarks += draw.normal(size=landmarks.shape).astype(np.float32)
        found.append(errors(estimate(camera, CANONICAL, landmarks)[0], face))
    rotation_deg, position_percent = np.percentile(found, 95, axis=0)
    assert rotation_deg < 1.5
    assert position_percent < 2.5


def test_a_persons_own_shape_is_learnt_from_many_views():
    camera = CAMERAS['pinhole']
    draw = np.random.default_rng(4)
    at_first, at_last = [], []
    for _ in range(12):
        shape_m = PEOPLE.shape(draw.standard_normal(len(PEOPLE.modes_m)))
        faces = [random_view(draw, 1.2).of(camera, shape_m) for _ in range(80)]
        found = estimate(camera, PEOPLE, *(face.landmarks(camera) for face in faces))
        rotations = [errors(*each)[0] for each in zip(found, faces, strict=True)]
        at_first.append(rotations[:5])
        at_last.append(rotations[-20:])
    assert np.median(at_last) < 1.5
    assert np.median(at_last) < 0.8 * np.median(at_first)


@pytest.mark.parametrize('lens', LENSES)
@pytest.mark.parametrize('away_deg', [0, 35])
def test_a_face_moved_across_the_image_keeps_its_metric_shape(lens, away_deg):
    camera = CAMERAS[lens]
    shape_m = canonical_face_m()
    size_m = np.sqrt(np.mean(np.sum((shape_m - shape_m.mean(axis=0)) ** 2, axis=1)))
    for x in (200, 640, 1080):
        for y in (180, 480, 780):
            face = View((x, y), 0.7, away_deg, 20).of(camera, shape_m)
            found = estimate(camera, CANONICAL, face.landmarks(camera))[0]
            off = found.landmarks_m[0].astype(float) - face.points_m
            off -= off.mean(axis=0)
            assert np.sqrt(np.mean(np.sum(off**2, axis=1))) < 0.01 * size_m


@pytest.mark.parametrize('lens', LENSES)
def test_a_strangers_face_moved_across_the_image_keeps_its_metric_shape(lens):
    camera = CAMERAS[lens]
    shape_m = PEOPLE.shape(np.random.default_rng(3).standard_normal(len(PEOPLE.modes_m)))
    places = [(x, y) for x in (200, 640, 1080) for y in (180, 480, 780)]
    faces = [View(place, 0.7, 15, 20).of(camera, shape_m) for place in places]
    found = [
        estimate(camera, PEOPLE, face.landmarks(camera))[0].landmarks_m[0].astype(float)
        for face in faces
    ]
    # In the same axes of the head, whatever its size is taken for.
    shapes = [
        (points - points.mean(axis=0)) @ face.rotation
        for points, face in zip(found, faces, strict=True)
    ]
    middle = np.mean(shapes, axis=0)
    size_m = np.sqrt(np.mean(np.sum(middle**2, axis=1)))
    for shape in shapes:
        assert np.sqrt(np.mean(np.sum((shape - middle) ** 2, axis=1))) < 0.01 * size_m
