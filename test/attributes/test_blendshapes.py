"""Blendshapes: what the scores depend on, and what not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.attributes.blendshapes import NAMES, Blendshapes
from facemesh_ros.inference.crop_model import CpuCropModel
from facemesh_ros.inference.session import ModelMismatchError
from facemesh_ros.landmarks.face_mesh import FaceMesh
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import Frame, PixelOrder, Rois


@pytest.fixture(scope='module')
def blendshapes(network_of) -> Blendshapes:
    return Blendshapes(network_of('blendshapes'))


@pytest.fixture(scope='module')
def landmarks(network_of, astronaut) -> np.ndarray:
    roi = Rois(np.float32([[225, 130]]), np.float32([[143, 143]]), np.zeros(1, np.float32))
    return (
        FaceMesh(CpuCropModel(network_of('v2'), FaceMesh.OUTPUTS))
        .predict(Frame(astronaut, PixelOrder.RGB), roi)
        .points
    )


def test_the_astronaut_smiles_with_open_eyes(blendshapes, landmarks):
    (scores,) = blendshapes.predict(landmarks)
    assert scores.dtype == np.float32
    assert ((scores >= 0) & (scores <= 1)).all()
    of = dict(zip(NAMES, scores, strict=True))
    assert min(of['mouthSmileLeft'], of['mouthSmileRight']) > 0.5
    assert max(of['eyeBlinkLeft'], of['eyeBlinkRight']) < 0.4


def test_a_lid_that_is_lowered_blinks_on_the_subjects_side(blendshapes, landmarks):
    lowered = landmarks.copy()
    # The subject's right upper lid, laid on the lower one.
    lowered[:, [160, 159, 158], 1] = landmarks[:, [144, 145, 153], 1]
    (change,) = blendshapes.predict(lowered) - blendshapes.predict(landmarks)
    left, right = (change[NAMES.index(f'eyeBlink{side}')] for side in ('Left', 'Right'))
    assert right > 0.1
    assert right > 2 * abs(left)


@given(
    x=st.floats(-1000, 3000), y=st.floats(-1000, 3000), size=st.floats(0.2, 10), z=st.floats(0, 9)
)
def test_place_size_and_depth_of_a_face_do_not_matter(blendshapes, landmarks, x, y, size, z):
    moved = (landmarks * np.array([size, size, z]) + np.array([x, y, 0])).astype(np.float32)
    # A float32 of 3000 px knows 1/4096 px; the smallest of these faces is 20 px wide.
    assert np.abs(blendshapes.predict(moved) - blendshapes.predict(landmarks)).max() < 0.01


def test_a_batch_is_as_good_as_one_by_one(blendshapes, landmarks):
    noise = np.random.default_rng(3).normal(0, 2, (5, 478, 3)).astype(np.float32)
    faces = landmarks + noise
    alone = np.concatenate([blendshapes.predict(face[None]) for face in faces])
    assert np.abs(alone[0] - alone[1]).max() > 0.01
    # A batch is summed in another order, which moves scores by some 1e-5; another face moves them
    # a thousand times as far.
    np.testing.assert_allclose(blendshapes.predict(faces), alone, atol=1e-4)


def test_no_face_no_scores(blendshapes):
    assert blendshapes.predict(np.empty((0, 478, 3), np.float32)).shape == (0, 52)


def test_another_model_in_its_place_is_named(network_of):
    with pytest.raises(ModelMismatchError, match="mesh: output 'scores' is missing"):
        Blendshapes(network_of('mesh'))


@pytest.mark.parametrize(
    ('model', 'wanted', 'count'), [('v2', True, 52), ('v2', False, 0), ('attention', True, 0)]
)
def test_they_come_with_v2_unless_switched_off(require_models, astronaut, model, wanted, count):
    require_models(model, 'blendshapes')
    sensor = load_sensor(SensorSettings(landmark_model=model, publish_blendshapes=wanted))
    assert len(sensor.model.blendshape_names) == count
    faces = sensor.stream().process(Frame(astronaut, PixelOrder.RGB))
    assert faces.blendshapes.shape == (1, count)
