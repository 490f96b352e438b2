"""Poses of real landmarks against truth: a scan rendered at known poses, a man in several cameras.

The margins are those of single pictures. What they leave of the scan is that man's own asymmetry:
a constant turn of 3 degrees about the vertical, which no single picture tells from a turned head.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pytest
from ideal_faces import FisheyeCamera, LensCamera, angle_deg

from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.types import Camera, Frame, PixelOrder

# The scan's axes: x to the image's right of a frontal face, y down, z away from the camera.
SCAN_FROM_FACE = np.array([[0.0, 1, 0], [0, 0, -1], [-1, 0, 0]])
EXPECTED_NORMALISED = 5.348 / 6  # median of chi-square with 6 degrees of freedom, by 6
EVERY = 6
DETECTOR = 'full_range'  # no tiles: no face is small, and tiles are most of the time


@dataclass(frozen=True)
class Found:
    """A pose in a camera."""

    rotation: np.ndarray
    position_m: np.ndarray
    covariance: np.ndarray

    @property
    def view_angle_deg(self) -> float:
        return between_deg(self.rotation[:, 0], -self.position_m)


def between_deg(one: np.ndarray, other: np.ndarray) -> float:
    cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def found_in(pipeline: FacePipeline, bgr: np.ndarray, camera: Camera) -> Found | None:
    faces = pipeline.process_static_image(Frame(bgr, PixelOrder.BGR, 0, camera))
    if not len(faces):
        return None
    metric = faces.metric
    return Found(metric.rotations[0], metric.positions_m[0], metric.covariances[0])


@pytest.fixture(scope='module')
def scan(truth_path, pipeline) -> list[tuple[dict, Found]]:
    folder = truth_path('lps_scan')
    found = []
    for true in json.loads((folder / 'truth.json').read_text()):
        matrix, distortion = np.reshape(true['K'], (3, 3)), np.array(true['D'] or [0.0] * 4)
        kind = FisheyeCamera if true['distortion_model'] == 'equidistant' else LensCamera
        seen = found_in(pipeline, cv2.imread(str(folder / true['file'])), kind(matrix, distortion))
        if seen is not None:
            found.append((true, seen))
    assert len(found) >= 37
    return found


def chosen(scan, low: float, high: float, kinds: str = 'god') -> list[tuple[dict, Found]]:
    return [
        (true, found)
        for true, found in scan
        if low <= true['view_angle_deg'] < high and true['kind'] in kinds
    ]


def rotation_errors(pairs) -> list[float]:
    return [angle_deg(found.rotation, true_rotation(true)) for true, found in pairs]


def true_rotation(true: dict) -> np.ndarray:
    return np.reshape(true['R'], (3, 3)) @ SCAN_FROM_FACE


def test_rotations_of_the_scan(scan):
    assert np.median(rotation_errors(chosen(scan, 0, 61))) < 4.0
    assert np.median(rotation_errors(chosen(scan, 0, 61, 'o'))) < 4.0


@pytest.mark.parametrize(('low', 'high'), [(20, 40), (40, 61)])
def test_turned_heads_are_turned_as_far_as_they_are(scan, low, high):
    bias = [f.view_angle_deg - t['view_angle_deg'] for t, f in chosen(scan, low, high)]
    assert abs(np.median(bias)) < 1.7


def test_nods_and_turns_to_either_side_cancel_the_scanned_mans_own_turn(scan):
    errors = []
    for true, found in chosen(scan, 0, 61):
        relative = true_rotation(true).T @ found.rotation
        errors.append(cv2.Rodrigues(relative)[0].ravel())
    own = np.degrees(np.array(errors) - np.median(errors, axis=0))
    assert np.median(np.linalg.norm(own, axis=1)) < 2.5


def test_positions_of_the_scan(scan):
    off_deg, sigmas = [], []
    for true, found in chosen(scan, 0, 61):
        at = np.array(true['sellion'])
        off_deg.append(between_deg(found.position_m, at))
        sight = at / np.linalg.norm(at)
        sigma_m = np.sqrt(sight @ found.covariance[:3, :3] @ sight)
        sigmas.append(sight @ (found.position_m - at) / sigma_m)
    assert np.percentile(off_deg, 90) < 0.45
    assert np.mean(np.abs(sigmas) < 2) >= 0.95


def test_covariances_of_the_scan(scan):
    normalised = []
    for true, found in chosen(scan, 0, 61):
        turn = true_rotation(true) @ found.rotation.T
        vector = cv2.Rodrigues(turn)[0].ravel()
        error = np.concatenate([np.array(true['sellion']) - found.position_m, vector])
        normalised.append(error @ np.linalg.solve(found.covariance, error) / 6)
    assert 0.7 < np.median(normalised) / EXPECTED_NORMALISED < 1.4


def test_several_cameras_agree_on_one_man(truth_path, pipeline):
    folder = truth_path('caliscope_charuco')
    heads: dict[int, list[tuple[np.ndarray, np.ndarray, float]]] = {}
    for number in (0, 2, 3):  # the other one sees no usable face
        camera, rotation, at = world_camera(folder, number)
        for moment, bgr in frames(folder / f'cam_{number}.mp4'):
            found = found_in(pipeline, bgr, camera)
            if found is not None:
                position = rotation.T @ (found.position_m - at)
                distance_m = float(np.linalg.norm(found.position_m))
                head = (rotation.T @ found.rotation, position, distance_m)
                heads.setdefault(moment, []).append(head)
    pairs = [pair for seen in heads.values() for pair in combinations(seen, 2)]
    assert len(pairs) > 30
    assert np.median([angle_deg(one[0], other[0]) for one, other in pairs]) < 4.5
    apart = [200 * np.linalg.norm(a[1] - b[1]) / (a[2] + b[2]) for a, b in pairs]
    assert np.median(apart) < 3
    assert np.percentile(apart, 90) < 5  # hands and a board hide parts of the face


def world_camera(folder: Path, number: int) -> tuple[LensCamera, np.ndarray, np.ndarray]:
    text = (folder / 'camera_array.toml').read_text()
    table = text.split(f'[cameras.{number}]')[1].split('\n[')[0]

    def figures(name: str) -> np.ndarray:
        return np.array(ast.literal_eval(re.findall(rf'^{name} *= *(\[.*\])', table, re.M)[0]))

    camera = LensCamera(figures('matrix'), figures('distortions'))
    return camera, figures('rotation'), figures('translation')


def frames(video: Path) -> Iterator[tuple[int, np.ndarray]]:
    capture = cv2.VideoCapture(str(video))
    for moment in range(int(capture.get(cv2.CAP_PROP_FRAME_COUNT))):
        _, bgr = capture.read()
        if moment % EVERY == 0:
            yield moment, bgr
    capture.release()
