"""Shape deviation: the proportions of a mesh, whatever its place, size, pose and expression."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facemesh_ros.geometry.shape_model import load_shape_model
from facemesh_ros.landmarks.mesh_shape import IMAGE_FROM_FACE, shape_deviations

MODEL = load_shape_model()
angles = st.floats(-3.0, 3.0)


def turned(points_m, *angles_rad) -> np.ndarray:
    for axis, angle in enumerate(angles_rad):
        rotation = np.eye(3)
        others = [other for other in range(3) if other != axis]
        cos, sin = np.cos(angle), np.sin(angle)
        rotation[np.ix_(others, others)] = [[cos, -sin], [sin, cos]]
        points_m = points_m @ rotation.T
    return points_m


def deviation(shape_m, *pose) -> float:
    mesh_px = 1000 * turned(shape_m, *pose) @ IMAGE_FROM_FACE.T + (320, 240, 0)
    return float(shape_deviations(np.float32(mesh_px)[None])[0])


@settings(max_examples=30, deadline=None)
@given(angles, angles, angles, st.integers(0, 2**32 - 1))
def test_a_head_may_be_turned_anyhow(roll, pitch, yaw, seed):
    shape_m = MODEL.shape(np.random.default_rng(seed).normal(size=20))
    assert deviation(shape_m, roll, pitch, yaw) == pytest.approx(
        deviation(shape_m), rel=1e-3, abs=1e-3
    )


def test_faces_far_from_the_mean_deviate_more():
    # Of the first mode most is size, which is no proportion.
    of_modes = [deviation(MODEL.shape(np.array([0, 0, size]))) for size in (0.5, 1.0, 2.0, 4.0)]
    assert of_modes == sorted(of_modes)
    assert of_modes[0] < 0.3 < of_modes[-1]


def test_an_open_mouth_is_an_expression_not_a_proportion():
    """As far as the landmarks move, another shape of the face counts much more."""
    opened = MODEL.expressions_m[MODEL.expression_names.index('jawOpen')]
    mode = MODEL.modes_m[2] - MODEL.modes_m[2].mean(axis=0)
    mode *= np.linalg.norm(opened) / np.linalg.norm(mode)
    assert deviation(MODEL.mean_m + opened) < 0.25 * deviation(MODEL.mean_m + mode)


def test_the_inside_of_a_mask_is_no_face():
    """No reflection lays a mesh on the mean: one with left and right exchanged is none."""
    assert deviation(MODEL.mean_m * (-1, 1, 1)) > 3
    assert deviation(MODEL.mean_m * (1, -1, 1)) > 3


def test_every_mesh_has_a_number():
    meshes = np.zeros((2, 478, 3), np.float32)
    meshes[1] = 1e6
    assert np.isfinite(shape_deviations(meshes)).all()
    assert shape_deviations(meshes[:0]).shape == (0,)
