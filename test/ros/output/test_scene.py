"""Faces moved into another frame: as a rigid body, seen from the same camera."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facemesh_ros.geometry.camera import Intrinsics
from facemesh_ros.messages.scene import FrameTransform, assumed_scene, measured_scene
from test.ros.output.random_faces import random_faces, random_rotations, random_scene

seeds = st.integers(0, 2**31)


@settings(deadline=None)
@given(seeds)
def test_what_lies_on_a_face_moves_with_it(seed):
    random = np.random.default_rng(seed)
    scene = random_scene([1, 2], seed)
    moved = scene.moved(FrameTransform(random_rotations(random, 1)[0], random.normal(size=3)))
    for before, after in zip(on_faces(scene), on_faces(moved), strict=True):
        np.testing.assert_allclose(after, before, atol=1e-5)
    assert moved.distances_m.tolist() == scene.distances_m.tolist()
    assert moved.names.tolist() == scene.names.tolist()


def on_faces(scene):
    """Points and gazes in the axes of their faces, which no frame changes."""
    points = scene.points_m - scene.positions_m[:, None]
    return [vectors @ scene.rotations for vectors in (points, scene.gazes)]


def test_there_and_back_is_the_same_place():
    scene, turn = random_scene([4], 4), random_rotations(np.random.default_rng(1), 1)[0]
    shift = np.array([1.0, 2, 3])
    back = scene.moved(FrameTransform(turn, shift)).moved(FrameTransform(turn.T, -turn.T @ shift))
    np.testing.assert_allclose(back.points_m, scene.points_m, atol=1e-5)
    np.testing.assert_allclose(back.positions_m, scene.positions_m)


def test_only_what_has_metres_is_measured():
    faces = random_faces(list(range(1, 17)), 1, metric=True)
    scene = measured_scene(faces)
    known = faces.metric.sources != 0
    assert scene.ids.tolist() == faces.ids[known].tolist()
    assert np.isfinite(scene.points_m).all()
    np.testing.assert_array_equal(scene.gazes[:, 1], faces.metric.gazes_left[known])
    expected_m = np.sqrt((faces.metric.positions_m[known] ** 2).sum(axis=1))
    assert scene.distances_m == pytest.approx(expected_m)


def test_an_assumed_lens_shows_all_and_claims_nothing():
    faces = random_faces([1, 2], 1, metric=True)
    scene = assumed_scene(faces, Intrinsics(500, 500, 320, 240))
    assert len(scene) == 2
    assert np.isfinite(scene.points_m).all()
    assert np.isnan(scene.distances_m).all()
    assert np.isnan(scene.rotations).all()
    assert np.isnan(scene.gazes).all()
