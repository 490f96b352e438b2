"""MediaPipe's matrix is understood: its camera, its frames, its weights and its scale."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from mediapipe_geometry import (
    CM_PER_M,
    OPTICAL_FROM_CAMERA,
    VERTICAL_FOV_RAD,
    matrix_from_landmarks,
    pose_from_matrix,
)

from facemesh_ros.geometry.camera import Intrinsics
from facemesh_ros.geometry.canonical_face import SELLION, canonical_face_m, load_topology

HERE = Path(__file__).parent
PICTURES = json.loads((HERE / 'about.json').read_text())['pictures']
# Measured, worst of 21 faces: 0.0005 degrees, 9e-6 of the distance. The landmarks are rounded to a
# thousandth of a px.
MARGIN_RAD, MARGIN_DISTANCE = math.radians(0.01), 1e-4


@pytest.fixture(scope='module')
def faces() -> list[tuple[np.ndarray, np.ndarray, tuple[int, int]]]:
    """Landmarks px, matrix and image size of each face that MediaPipe found."""
    landmarks = np.load(HERE / 'mediapipe_1_2_2_v2.npz')
    matrices = np.load(HERE / 'mediapipe_1_2_2_transforms.npz')
    return [
        (points, matrix, tuple(PICTURES[name]['image_wh']))
        for name in matrices
        for points, matrix in zip(landmarks[name], matrices[name], strict=True)
    ]


def test_mediapipes_matrix_follows_from_its_landmarks(faces):
    assert len(faces) > 20
    for points, expected, image_wh in faces:
        found, expected = matrix_from_landmarks(points, image_wh), expected.astype(float)
        # The chord of the rotation between both: small angles keep their digits.
        chord = np.linalg.norm(found[:3, :3] - expected[:3, :3]) / 2**0.5
        assert chord < MARGIN_RAD
        off = np.linalg.norm(found[:3, 3] - expected[:3, 3])
        assert off < MARGIN_DISTANCE * np.linalg.norm(expected[:3, 3])


def test_a_matrix_and_its_pose_place_the_same_face(faces):
    canonical_cm = load_topology(468).canonical_vertices_m.astype(float) * CM_PER_M
    for _, matrix, _ in faces:
        in_camera = canonical_cm @ matrix[:3, :3].astype(float).T + matrix[:3, 3]
        placed = pose_from_matrix(matrix).in_optical_frame(canonical_face_m())
        assert np.abs(in_camera @ OPTICAL_FROM_CAMERA / CM_PER_M - placed).max() < 1e-6


def test_the_pose_lies_on_the_ray_of_the_sellion_in_the_virtual_camera(faces):
    for points, matrix, image_wh in faces:
        camera = Intrinsics.from_vertical_fov(image_wh, VERTICAL_FOV_RAD)
        x, y, z = pose_from_matrix(matrix).position_m
        seen = np.array([camera.fx * x / z + camera.cx, camera.fy * y / z + camera.cy])
        size = np.linalg.norm(points[33, :2] - points[263, :2])
        assert np.linalg.norm(seen - points[SELLION, :2]) < 0.25 * size
