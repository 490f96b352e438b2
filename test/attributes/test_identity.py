"""This person's shape: learnt from views all round, not from one view many times."""

from __future__ import annotations

import numpy as np
import pytest
from ideal_faces import CAMERAS, View
from shared_errors import shared_errors

from facemesh_ros.attributes.identity import MODES, unknown_person
from facemesh_ros.attributes.landmark_weights import rigid_landmarks
from facemesh_ros.attributes.posed_face import pose_face
from facemesh_ros.geometry.shape_model import load_shape_model
from facemesh_ros.native import FaceIdentity

MODEL = load_shape_model()
CAMERA = CAMERAS['pinhole']
ALL_ROUND = [(angle, towards) for angle in (0, 20, 35) for towards in range(0, 360, 45)]


def look(identity: FaceIdentity, shape_m: np.ndarray, angle: float, towards: float, seed=0):
    """Show one view with errors of 1 mm that neighbours share."""
    face = View((640, 480), 0.6, angle, towards).of(CAMERA, shape_m)
    landmarks = face.landmarks(CAMERA)
    landmarks[:, :2] += shared_errors(seed) * 1.5
    pose_face(landmarks, CAMERA, identity, learn=True)


def shape_error_m(found_m: np.ndarray, true_m: np.ndarray) -> float:
    """Return the RMS distance of the rigid landmarks, size aside."""
    found, true = found_m[rigid_landmarks()], true_m[rigid_landmarks()]
    size = np.sum(found * true) / np.sum(found**2)
    return float(np.sqrt(np.mean(np.sum((size * found - true) ** 2, axis=1))))


def person(seed: int) -> np.ndarray:
    return MODEL.shape(np.random.default_rng(seed).normal(size=MODES))


def learnt(shape_m: np.ndarray, views=ALL_ROUND) -> FaceIdentity:
    identity = unknown_person(MODEL)
    for _ in range(2):
        for number, (angle, towards) in enumerate(views):
            look(identity, shape_m, angle, towards, number)
    return identity


def test_a_head_that_turns_shows_its_shape():
    improved = []
    for seed in range(8):
        shape_m = person(seed)
        found = shape_error_m(learnt(shape_m).shape_m, shape_m)
        improved.append(found / shape_error_m(MODEL.mean_m, shape_m))
    assert np.median(improved) < 0.75
    assert max(improved) < 1.05


def test_one_view_repeated_teaches_nothing():
    identity = unknown_person(MODEL)
    for number in range(50):
        look(identity, person(1), 20, 90, number)
    assert np.all(identity.coefficients == 0)


def test_views_at_rest_do_not_count_as_independent():
    shape_m = person(2)
    few, many = unknown_person(MODEL), unknown_person(MODEL)
    for identity, times in ((few, 2), (many, 20)):
        for towards in (0, 90, 180, 270):
            for _ in range(times):
                look(identity, shape_m, 30, towards, towards)
    assert many.coefficients == pytest.approx(few.coefficients, abs=0.25)


def test_a_mistaken_person_is_forgotten():
    first, second = person(3), person(4)
    identity = learnt(first)
    for _ in range(40):
        for number, (angle, towards) in enumerate(ALL_ROUND):
            look(identity, second, angle, towards, number)
    fresh = learnt(second)
    assert shape_error_m(identity.shape_m, fresh.shape_m) < 0.3 * shape_error_m(
        learnt(first).shape_m, fresh.shape_m
    )


def test_size_is_left_to_the_scale():
    grown = 1.1 * MODEL.mean_m
    identity = learnt(grown)
    size = np.sum(identity.shape_m * MODEL.mean_m) / np.sum(MODEL.mean_m**2)
    assert size == pytest.approx(1, abs=0.01)
