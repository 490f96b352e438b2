"""Real models in real sessions that return NaN, infinity or absurd numbers for some images."""

from __future__ import annotations

import numpy as np
import pytest

from facemesh_ros.inference.crop_model import CpuCropModel
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.inference.session import ModelOutputError, ModelSession
from facemesh_ros.landmarks.face_mesh import FaceMesh
from facemesh_ros.types import Frame, PixelOrder, Rois

SIZE = 8


@pytest.fixture
def session_that_returns(require_package):
    """Make a session whose output is `wrong` for white images, and their mean for all others."""
    onnx = require_package('onnx')
    from onnx import TensorProto, helper

    def made(wrong: float) -> ModelSession:
        nodes = [
            helper.make_node('ReduceMean', ['image'], ['mean'], axes=[1, 2, 3], keepdims=0),
            helper.make_node('Greater', ['mean', 'bright'], ['is_bright']),
            helper.make_node('Where', ['is_bright', 'wrong', 'mean'], ['presence']),
            helper.make_node('Reshape', ['presence', 'column'], ['points']),
            helper.make_node('Expand', ['points', 'shape'], ['landmarks']),
        ]
        number = TensorProto.FLOAT
        graph = helper.make_graph(
            nodes,
            'model',
            [helper.make_tensor_value_info('image', number, ['N', SIZE, SIZE, 3])],
            [
                helper.make_tensor_value_info('landmarks', number, ['N', 4, 3]),
                helper.make_tensor_value_info('presence', number, ['N']),
            ],
            [
                helper.make_tensor('column', TensorProto.INT64, [3], [-1, 1, 1]),
                helper.make_tensor('shape', TensorProto.INT64, [3], [1, 4, 3]),
                helper.make_tensor('bright', number, [], [0.9]),
                helper.make_tensor('wrong', number, [], [wrong]),
            ],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
        known = {'name': 'mesh', 'input_size': str(SIZE), 'source_sha256': ''}
        helper.set_model_props(model, {**known, 'precision': 'fp32', 'variant': 'cpu'})
        onnx.checker.check_model(model)
        return ModelSession(model.SerializeToString(), ProviderChoice('cpu'))

    return made


@pytest.mark.parametrize('wrong', [np.nan, np.inf, -np.inf, 1e30, -1e30])
def test_what_is_no_number_of_this_world_is_refused_and_the_next_image_is_not(
    session_that_returns, wrong
):
    session = session_that_returns(wrong)
    dark, white = (np.full((1, SIZE, SIZE, 3), level, np.float32) for level in (0.25, 1))
    for _ in range(2):
        with pytest.raises(ModelOutputError, match=r'the model mesh .*facemesh models verify'):
            session.run(np.concatenate([dark, white]))
        assert session.run(dark)[1] == pytest.approx(0.25)


def test_one_face_without_numbers_spoils_no_other_and_is_told_once(session_that_returns, caplog):
    mesh = FaceMesh(CpuCropModel(session_that_returns(np.nan), FaceMesh.OUTPUTS))
    pixels = np.full((40, 80, 3), 255, np.uint8)
    pixels[:, :40] = 64
    dark, white = (
        Rois(np.float32([[x, 20]]), np.float32([[20, 20]]), np.float32([0])) for x in (20, 60)
    )
    frame = Frame(pixels, PixelOrder.RGB)
    (expected,) = mesh.predict(frame, dark).points
    for rois, row in ((dark + white, 0), (white + dark, 1), (white + dark + white, 1)):
        found = mesh.predict(frame, rois)
        assert np.array_equal(found.points[row], expected)
        assert found.presences[row] == pytest.approx(64 / 255)
        assert not np.delete(found.presences, row).any()
        assert np.isfinite(found.points).all()
    assert caplog.text.count('one face of several is left out') == 1
    with pytest.raises(ModelOutputError):
        mesh.predict(frame, white + white)
