"""Heads in space natively: formulas in plain numpy, shapes that are refused, threads at once.

That poses are those of known heads, whatever the lens, test/attributes says.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ideal_faces import CAMERAS, View, rotation_about

from facemesh_ros import native
from facemesh_ros.attributes.drawn_irises import FACE_MESH
from facemesh_ros.attributes.identity import shape_tables, unknown_person
from facemesh_ros.attributes.pose_covariance import pose_covariances
from facemesh_ros.attributes.posed_face import CORRECTION, pose_faces
from facemesh_ros.attributes.view_angle import ViewAngleCorrection
from facemesh_ros.geometry.eye_landmarks import CORNERS, EYES, IRIS
from facemesh_ros.geometry.shape_model import canonical_landmarks_m, load_shape_model

MODEL = load_shape_model()
CAMERA = CAMERAS['pinhole']
UNIT = st.floats(-1, 1)
axes = st.tuples(UNIT, UNIT, UNIT).filter(lambda axis: np.linalg.norm(axis) > 0.1)
gains = st.tuples(*[st.floats(0, 0.2)] * 3, st.floats(0, 0.1))


def turn(axis, degrees):
    return rotation_about(np.array(axis) / np.linalg.norm(axis), degrees)


def posed(towards: float = 40.0, angle: float = 20.0, learn: bool = False, people=None):
    """Return a face with noise, in space, and its landmarks."""
    face = View((640, 480), 0.6, angle, towards).of(CAMERA, canonical_landmarks_m(478))
    landmarks = face.landmarks(CAMERA)[None]
    landmarks[..., :2] += np.random.default_rng(7).normal(0, 0.3, (1, 478, 2))
    rays = CAMERA.rays_from_pixels(landmarks[..., :2])
    people = people or [unknown_person(MODEL)]
    faces = pose_faces(people, landmarks, rays, CORRECTION, np.array([learn]))
    return faces, landmarks


@given(axes, st.floats(-180, 180), st.floats(0.3, 5), st.floats(0.01, 0.1))
def test_covariances_follow_their_formula(axis, degrees, distance_m, range_sigma):
    rotation, position = turn(axis, degrees), np.array([0.1, -0.2, distance_m])
    along = np.outer(position, position) / (position @ position)
    across = np.eye(3) - along
    angle = np.arccos(np.clip(-rotation[:, 0] @ position / np.linalg.norm(position), -1, 1))
    turned = np.radians(2.1) + 0.045 * angle
    shift = 0.0018 + 0.0013 * angle
    expected = np.zeros((6, 6))
    expected[:3, :3] = shift**2 * across + range_sigma**2 * np.outer(position, position)
    expected[3:, 3:] = turned**2 * across + np.radians(1.2) ** 2 * along
    found = pose_covariances(rotation[None], position[None], np.array([range_sigma]))[0]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-12)


@given(axes, st.floats(-170, 170), gains)
def test_a_head_is_turned_back_as_the_formula_says(axis, degrees, numbers):
    rotation, position = turn(axis, degrees), np.array([0.1, -0.2, 0.7])
    yaw, pitch, farther, pivot_m = numbers
    sight = -rotation.T @ position / np.linalg.norm(position)
    azimuth, elevation = np.arctan2(sight[1], sight[0]), np.arcsin(np.clip(sight[2], -1, 1))
    onset = azimuth**2 / (azimuth**2 + np.radians(30) ** 2)
    azimuth *= 1 + yaw * onset * np.exp(-((azimuth / np.radians(80)) ** 4))
    elevation *= 1 + pitch * np.exp(-((elevation / np.radians(50)) ** 4))
    level = np.cos(elevation)
    wanted = np.array([level * np.cos(azimuth), level * np.sin(azimuth), np.sin(elevation)])
    found, moved = native.turn_back(rotation, position, numbers)
    # The least turn that brings the sight to where it is wanted.
    np.testing.assert_allclose(found @ wanted, rotation @ sight, atol=1e-9)
    angle = np.arccos(np.clip((np.trace(rotation.T @ found) - 1) / 2, -1, 1))
    assert angle == pytest.approx(np.arccos(np.clip(wanted @ sight, -1, 1)), abs=1e-6)
    at = position + pivot_m * (found[:, 0] - rotation[:, 0])
    cosine = -at @ found[:, 0] / np.linalg.norm(at)
    np.testing.assert_allclose(moved, at * (1 + farther * (1 - cosine)), atol=1e-12)


@given(st.floats(0, 360), st.floats(0, 40))
def test_irises_are_seen_against_their_eyeballs(towards, angle):
    faces, _ = posed(towards, angle)
    face = faces.face(0)
    found, displacements_m = native.iris_displacements(
        faces.rotations,
        faces.positions_m,
        faces.shapes_m,
        faces.rays,
        faces.eyeballs_m,
        FACE_MESH.numbers,
    )
    rotation, position = face.pose.rotation, face.pose.rotation.T @ face.pose.position_m
    for eye, own in enumerate(EYES):
        rays = face.rays[own] @ rotation
        corners = face.shape_m[own[CORNERS]] + position
        feet = (corners * rays[CORNERS]).sum(axis=1, keepdims=True) * rays[CORNERS]
        forward, up = FACE_MESH.rest_m
        centre = face.eyeballs_m[eye] + position + [forward, 0, up] + (feet - corners).mean(axis=0)
        sight = rays[IRIS].mean(axis=0)
        sight /= np.linalg.norm(sight)
        # The near side of the sphere on which the iris moves, or the nearest point to it.
        foot = sight * (sight @ centre)
        depth = np.sqrt(max(0.0105**2 - np.sum((foot - centre) ** 2), 0))
        iris = foot - depth * sight - centre
        np.testing.assert_allclose(found[0, eye], sight, atol=1e-12)
        expected = [iris[1], iris[2] + FACE_MESH.view_m * sight[2]]
        np.testing.assert_allclose(displacements_m[0, eye], expected, atol=1e-9)


def test_landmarks_are_on_their_rays_and_turned_as_the_head_is():
    faces, _ = posed()
    ranges = np.linalg.norm(faces.landmarks_m, axis=-1, keepdims=True)
    np.testing.assert_allclose(faces.landmarks_m, ranges * faces.rays, atol=1e-12)
    assert np.linalg.det(faces.rotations[0]) == pytest.approx(1)
    eyes_m = faces.eyeballs_m[0] @ faces.rotations[0].T + faces.positions_m[0]
    irises_m = faces.landmarks_m[0, [468, 473]]
    assert np.linalg.norm(irises_m - eyes_m, axis=1) == pytest.approx(0.0105, abs=0.001)


def calls():
    """Return a call of each function with arrays that fit, by name."""
    faces, landmarks = posed()
    of_faces = {
        'rotations': faces.rotations,
        'positions_m': faces.positions_m,
        'shapes_m': faces.shapes_m,
        'rays': faces.rays,
        'eyeballs_m': faces.eyeballs_m,
    }
    drawn = FACE_MESH.numbers
    eyes = [native.RestingEyes(drawn)]
    person = unknown_person(MODEL)
    return {
        native.pose_faces: {
            'people': [person],
            'landmarks': landmarks,
            'rays': faces.rays,
            'learn': np.array([False]),
            'correction': CORRECTION.numbers,
        },
        native.turn_back: {
            'rotation': np.eye(3),
            'position_m': np.ones(3),
            'correction': ViewAngleCorrection.none().numbers,
        },
        native.pose_covariances: {
            'rotations': faces.rotations,
            'positions_m': faces.positions_m,
            'range_sigmas': np.ones(1),
        },
        native.place_faces: {
            'rotations': faces.rotations,
            'positions_m': faces.positions_m,
            'landmarks_m': faces.landmarks_m,
            'factors': np.ones(1),
            'position_factors': np.ones(1),
            'range_sigmas': np.ones(1),
        },
        native.iris_displacements: {**of_faces, 'drawn': drawn},
        native.estimate_gazes: {
            **of_faces,
            'eyes': eyes,
            'landmarks': landmarks,
            'drawn': drawn,
            'stamp_ns': 0,
        },
    }


def test_arrays_of_other_shapes_are_refused():
    for function, given_ in calls().items():
        function(**given_)
        for name, array in given_.items():
            if not isinstance(array, np.ndarray):
                continue
            for other in (array[:0], np.concatenate([array, array]), array[..., None]):
                with pytest.raises(ValueError, match=r'shape|landmarks|number'):
                    function(**{**given_, name: other})


def test_tables_of_other_shapes_are_refused():
    tables = {
        'rigid': np.arange(5),
        'weights': np.ones(5),
        'normals': np.ones((5, 3)),
        'mean_m': MODEL.mean_m,
        'modes_m': MODEL.modes_m,
        'eyeballs_m': MODEL.eyeball_centres_m,
        'eyeball_modes_m': MODEL.eyeball_modes_m,
    }
    native.ShapeTables(**tables)
    for name, array in tables.items():
        with pytest.raises(ValueError, match=r'shape'):
            native.ShapeTables(**{**tables, name: array[..., None]})
    with pytest.raises(ValueError, match='rigid'):
        native.ShapeTables(**{**tables, 'rigid': np.arange(5) + 464})


def test_threads_may_pose_and_learn_at_once():
    """People share their tables, and one person is seen by all threads."""
    shared, tables = unknown_person(MODEL), shape_tables(MODEL)

    def watch(stream: int) -> np.ndarray:
        own = native.FaceIdentity(tables)
        for view in range(40):
            posed(45.0 * (stream + view), 30, learn=True, people=[shared])
            posed(45.0 * (stream + view), 30, learn=True, people=[own])
        return own.coefficients

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(watch, range(4)))
    for stream, coefficients in enumerate(found):
        assert np.array_equal(coefficients, watch(stream))
    assert np.isfinite(shared.coefficients).all()
    assert np.any(shared.coefficients != 0)
