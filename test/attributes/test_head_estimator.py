"""Faces of a stream in space: each track its own, and what cannot be placed is said."""

from __future__ import annotations

import numpy as np
from ideal_faces import CAMERAS, IMAGE_WH, View

from facemesh_ros.attributes.head_estimator import NO_FACE, NOT_CALIBRATED, HeadEstimator
from facemesh_ros.geometry.shape_model import load_shape_model
from facemesh_ros.types import Frame, MetricSource, PixelOrder

MODEL = load_shape_model()
CAMERA = CAMERAS['pinhole']
FRAME = Frame(np.zeros(IMAGE_WH[::-1], np.uint8), PixelOrder.MONO, 0, CAMERA)
PERSON = MODEL.shape(np.random.default_rng(5).normal(size=10))


def landmarks(angle: float, towards: float, shape_m=PERSON) -> np.ndarray:
    return View((640, 480), 0.6, angle, towards).of(CAMERA, shape_m).landmarks(CAMERA)


def turn_head(estimator: HeadEstimator, number: int) -> None:
    """Show a head that turns until its shape has been learnt."""
    for image in range(240):
        seen = landmarks(30, 3 * image)
        estimator.update(np.array([number]), seen[None], FRAME, 'canonical')


def frontal(estimator: HeadEstimator, number: int) -> np.ndarray:
    seen = landmarks(20, 45)
    faces = estimator.update(np.array([number]), seen[None], FRAME, 'canonical')
    return faces.landmarks_m[0]


def test_what_is_learnt_goes_by_the_track():
    fresh = frontal(HeadEstimator(), 1)
    estimator = HeadEstimator()
    turn_head(estimator, 1)
    learnt = frontal(estimator, 1)
    assert np.abs(learnt - fresh).max() > 1e-4
    assert np.array_equal(frontal(estimator, 2), fresh)  # another face
    assert np.array_equal(frontal(estimator, 1), fresh)  # which was gone meanwhile


def test_reset_forgets():
    estimator = HeadEstimator()
    turn_head(estimator, 1)
    estimator.reset()
    assert np.array_equal(frontal(estimator, 1), frontal(HeadEstimator(), 1))


def test_a_pose_owes_nothing_to_the_one_before():
    estimator = HeadEstimator()
    for towards in (0, 180, 90, 270):  # from one side to the other between two images
        seen = landmarks(60, towards, MODEL.mean_m)
        found = estimator.update(np.array([1]), seen[None], FRAME, 'canonical')
        alone = HeadEstimator().update(np.array([1]), seen[None], FRAME, 'canonical')
        assert np.abs(found.rotations - alone.rotations).max() < 0.02


def test_landmarks_that_are_no_face_are_left_out_and_the_others_flow():
    estimator = HeadEstimator()
    good, broken = landmarks(10, 0), landmarks(10, 0)
    for bad in (np.zeros_like(good), np.where(np.arange(468)[:, None] == 7, np.nan, broken)):
        both = np.stack([bad, good]).astype(np.float32)
        faces = estimator.update(np.array([1, 2]), both, FRAME, 'canonical')
        assert faces.sources.tolist() == [MetricSource.NONE, MetricSource.CANONICAL]
        assert np.isnan(faces.positions_m[0]).all()
        assert np.isfinite(faces.positions_m[1]).all()
        assert estimator.problem == NO_FACE


def test_without_a_calibration_nothing_is_placed_and_that_is_said():
    estimator = HeadEstimator()
    frame = Frame(FRAME.image, PixelOrder.MONO)
    faces = estimator.update(np.array([1]), landmarks(0, 0)[None], frame, 'auto')
    assert faces.sources.tolist() == [MetricSource.NONE]
    assert estimator.problem == NOT_CALIBRATED


def test_none_asks_for_nothing():
    estimator = HeadEstimator()
    faces = estimator.update(np.array([1]), landmarks(0, 0)[None], FRAME, 'none')
    assert faces.sources.tolist() == [MetricSource.NONE]
    assert estimator.problem == ''
