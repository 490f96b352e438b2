"""Expressions are scored as MediaPipe scores them, from its landmarks and from ours."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.attributes.blendshapes import LANDMARKS, NAMES, Blendshapes
from facemesh_ros.inference.model_loader import load_session
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Frame, PixelOrder

HERE = Path(__file__).parent
# Measured on the same landmarks: 0.0002.
SAME_LANDMARKS = 0.001
# Measured from the image, on the face that is worst: 0.0019.
FROM_THE_IMAGE = 0.02
# What MediaPipe's own test of this file allows.
PORTRAIT = 0.13


@pytest.fixture(scope='module')
def landmarks() -> dict[str, np.ndarray]:
    return dict(np.load(HERE / 'mediapipe_1_2_2_v2.npz'))


@pytest.fixture(scope='module')
def scores() -> dict[str, np.ndarray]:
    return dict(np.load(HERE / 'mediapipe_1_2_2_blendshapes.npz'))


@pytest.fixture(scope='module')
def pipeline(cpu_runtime, require_models) -> FacePipeline:
    require_models('v2', 'blendshapes')
    settings = SensorSettings(
        landmark_model='v2',
        detector='short_range',
        second_look=False,
        max_faces=32,
        execution_provider=cpu_runtime,
    )
    return load_sensor(settings).stream()


def test_the_same_landmarks_score_the_same(
    cpu_runtime, model_store, require_models, landmarks, scores
):
    require_models('blendshapes')
    network = load_session(model_store, 'blendshapes', ProviderChoice(cpu_runtime))
    points = np.concatenate([landmarks[name] for name in landmarks])
    expected = np.concatenate([scores[name] for name in landmarks])
    assert len(points) > 20
    assert np.abs(Blendshapes(network).predict(points) - expected).max() <= SAME_LANDMARKS


def test_all_pictures(pipeline, pictures, landmarks, scores):
    faces_seen = 0
    for name, rgb in pictures():
        faces = pipeline.process_static_image(Frame(rgb, PixelOrder.RGB))
        for points, expected in zip(landmarks[name], scores[name], strict=True):
            offsets = np.linalg.norm((faces.landmarks - points)[..., :2], axis=-1)
            nearest = offsets.mean(axis=1).argmin()
            assert np.abs(faces.blendshapes[nearest] - expected).max() <= FROM_THE_IMAGE, name
            faces_seen += 1
    assert faces_seen > 20


def test_mediapipes_own_portrait(pipeline, data_folder, require):
    path = data_folder / 'ann' / 'mediapipe__portrait_expected_blendshapes.pbtxt'
    require(path, f'{path.name} in the test data')
    rows = re.findall(r'index: (\d+)\s+score: (\S+)\s+label: "(\w+)"', path.read_text())
    assert [(int(index), name) for index, _, name in rows] == list(enumerate(NAMES))
    expected = [float(score) for _, score, _ in rows]
    bgr = cv2.imread(str(data_folder / 'images' / 'tfjsmodels__portrait.jpg'))
    (found,) = pipeline.process_static_image(Frame(bgr, PixelOrder.BGR)).blendshapes
    assert np.abs(found - expected).max() <= PORTRAIT


def test_the_lists_are_whole():
    assert len(NAMES) == len(set(NAMES)) == 52
    assert len(LANDMARKS) == 146
    assert (np.diff(LANDMARKS) > 0).all()
