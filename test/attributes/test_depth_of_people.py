"""Metres by depth image of people whose shape nobody knows, through the whole estimator."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from ideal_faces import CAMERAS, IMAGE_WH, IdealFace, View, with_irises
from posed_faces import as_by_kinect, rendered_depth

from facemesh_ros.attributes.facial_skin import facial_skin
from facemesh_ros.attributes.head_estimator import HeadEstimator
from facemesh_ros.attributes.view_angle import ViewAngleCorrection
from facemesh_ros.geometry.shape_model import load_shape_model
from facemesh_ros.types import (
    Camera,
    DepthImage,
    Float32,
    Frame,
    MetricFaces,
    MetricSource,
    PixelOrder,
)

IMAGE = np.zeros(IMAGE_WH[::-1], np.uint8)
LIPS = [13, 14]


def some_view(draw: np.random.Generator) -> View:
    return View(
        pixel=(draw.uniform(450, 850), draw.uniform(350, 650)),
        distance_m=draw.uniform(0.4, 1.0),
        angle_deg=draw.uniform(0, 35),
        towards_deg=draw.uniform(0, 360),
        roll_deg=draw.uniform(-30, 30),
    )


def person(seed: int, *, mouth: float = 0.0) -> np.ndarray:
    """Return the 478 landmarks of some adult, m in face axes, the mouth so far open."""
    model, draw = load_shape_model(), np.random.default_rng(seed)
    coefficients = draw.normal(size=len(model.modes_m))
    opening = model.expressions_m[model.expression_names.index('jawOpen')]
    return with_irises(model.shape(coefficients) + mouth * opening, model.eyeballs(coefficients))


def estimated(camera: Camera, landmarks: Float32, depth_m: Float32 | None) -> MetricFaces:
    estimator = HeadEstimator(correction=ViewAngleCorrection.none())
    depth = None if depth_m is None else DepthImage(depth_m, 0)
    frame = Frame(IMAGE, PixelOrder.MONO, 0, camera, depth)
    faces = estimator.update(np.array([1]), landmarks[None], frame, 'auto')
    assert estimator.problem == ''
    return faces


def seen_by_kinect(face: IdealFace, camera: Camera, landmarks: Float32, seed: int) -> Float32:
    clean_m = rendered_depth(face.points_m[:468], camera, IMAGE_WH, background_m=3.0)
    return as_by_kinect(clean_m, np.random.default_rng(seed), landmarks[:, :2])


@pytest.mark.parametrize('lens', ['pinhole', 'plumb_bob', 'equidistant'])
def test_mouth_and_skin_are_where_a_kinect_has_them(lens: str) -> None:
    camera, lips_m, shares = CAMERAS[lens], [], []
    for seed in range(12):
        face = some_view(np.random.default_rng(seed)).of(camera, person(seed))
        landmarks = face.landmarks(camera)
        faces = estimated(camera, landmarks, seen_by_kinect(face, camera, landmarks, seed))
        assert faces.sources[0] == MetricSource.DEPTH
        off_m = np.linalg.norm(faces.landmarks_m[0] - face.points_m, axis=1)[:468]
        lips_m.append(off_m[LIPS].max())
        shares.append(np.mean(off_m[facial_skin().is_rigid] < 0.008))
    assert np.max(lips_m) < 0.005
    assert np.mean(shares) > 0.95


def test_lips_stay_at_the_rim_of_an_open_mouth() -> None:
    """Behind it a depth camera sees the throat."""
    camera, rim = CAMERAS['pinhole'], np.flatnonzero(facial_skin().is_inner_lip)
    for seed in range(12):
        face = some_view(np.random.default_rng(seed)).of(camera, person(seed, mouth=0.8))
        landmarks = face.landmarks(camera)
        depth_m = seen_by_kinect(face, camera, landmarks, seed)
        inside = np.zeros(IMAGE_WH[::-1], np.uint8)
        hull = cv2.convexHull(np.rint(landmarks[rim, :2]).astype(np.int32))
        cv2.fillConvexPoly(inside, hull, 1)
        depth_m[inside > 0] += 0.04
        faces = estimated(camera, landmarks, depth_m)
        assert faces.sources[0] == MetricSource.DEPTH
        off_m = np.linalg.norm(faces.landmarks_m[0] - face.points_m, axis=1)
        assert off_m[LIPS].max() < 0.008


def test_depth_tells_people_s_sizes_better_than_irises_and_they_better_than_nothing() -> None:
    camera, view = CAMERAS['pinhole'], View((640, 480), 0.45, 4, 30)
    errors: dict[MetricSource, list[float]] = {source: [] for source in MetricSource}
    for seed in range(25):
        face = view.of(camera, person(seed))
        landmarks = face.landmarks(camera)
        depth_m = seen_by_kinect(face, camera, landmarks, seed)
        for points, depth in ((landmarks[:468], None), (landmarks, None), (landmarks, depth_m)):
            faces = estimated(camera, points, depth)
            off = np.linalg.norm(faces.positions_m[0]) / np.linalg.norm(face.position_m) - 1
            errors[MetricSource(int(faces.sources[0]))].append(float(off))
    spread = {
        source: np.sqrt(np.mean(np.square(found))) for source, found in errors.items() if found
    }
    assert set(spread) == {MetricSource.CANONICAL, MetricSource.IRIS, MetricSource.DEPTH}
    assert spread[MetricSource.DEPTH] < 0.01
    assert 0.03 < spread[MetricSource.CANONICAL] < 0.07
    assert spread[MetricSource.IRIS] < 0.7 * spread[MetricSource.CANONICAL]


@pytest.mark.parametrize('by_m', [0.02, 0.04, 0.10])
def test_a_shifted_depth_image_of_anyone_is_refused(by_m: float) -> None:
    camera = CAMERAS['pinhole']
    for seed in range(12):
        draw = np.random.default_rng(seed)
        view = some_view(draw)
        face = view.of(camera, person(seed))
        landmarks = face.landmarks(camera)
        depth_m = seen_by_kinect(face, camera, landmarks, seed)
        by_px, towards = by_m * 880 / view.distance_m, draw.uniform(0, 2 * np.pi)
        by = np.rint(by_px * np.array([np.sin(towards), np.cos(towards)])).astype(int)
        estimator = HeadEstimator(correction=ViewAngleCorrection.none())
        shifted = DepthImage(np.roll(depth_m, by, axis=(0, 1)), 0)
        frame = Frame(IMAGE, PixelOrder.MONO, 0, camera, shifted)
        faces = estimator.update(np.array([1]), landmarks[None], frame, 'auto')
        assert faces.sources[0] != MetricSource.DEPTH
        assert estimator.problem != ''
