"""How a node starts, changes state and parameters, and ends."""

from __future__ import annotations

import signal

import onnxruntime
import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from std_srvs.srv import Trigger

PATIENCE_S = 30.0


def change(client, transition):
    request = ChangeState.Request(transition=Transition(id=transition))
    return client.call(ChangeState, 'facemesh/change_state', request).success


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it(client, start_node, face_msg, number):
    node = start_node()
    client.answer_to(face_msg())
    for _ in range(5):
        client.send(face_msg())  # in the middle of its work
    assert node.stop(number) == 0, node.log
    assert 'Traceback' not in node.log
    assert 'ERROR' not in node.log


def test_without_models_it_says_how_to_get_them(start_node, tmp_path):
    node = start_node(environment={'FACEMESH_MODEL_DIR': str(tmp_path)})
    assert node.process.wait(PATIENCE_S) == 1
    assert 'facemesh models fetch' in node.log
    assert 'Traceback' not in node.log


@pytest.mark.parametrize(
    ('parameter', 'text'),
    [
        ('landmark_model:=v3', 'auto, v2, attention, mesh'),
        ('marker_style:=sphere', 'mesh, wireframe, contours, points'),
        ('max_faces:=0', 'max_faces'),
        ('min_detection_confidence:=1.5', 'min_detection_confidence'),
        ('max_faces:=two', 'max_faces'),
        ('cameras:=[front, front]', '[front, rear]'),
        ('cameras:=front', '[front, rear]'),
        ('cameras:=[1st]', '[front, rear]'),
        ('nonsense', "Couldn't parse parameter override rule: '-p nonsense'"),
        ('execution_provider:=cuda', 'onnxruntime-gpu'),
        ('require_gpu:=true', 'require_gpu is set, but no GPU runs the models: '),
    ],
)
def test_an_invalid_parameter_ends_it_with_the_reason(start_node, parameter, text):
    node = start_node(parameter)
    assert node.process.wait(PATIENCE_S) == 1
    assert text in node.log
    assert 'Traceback' not in node.log


def test_fp16_on_a_provider_without_it_ends_it_with_both_remedies(start_node):
    node = start_node('precision:=fp16', 'execution_provider:=cpu')
    assert node.process.wait(PATIENCE_S) == 1
    assert 'execution_provider to auto, cuda or tensorrt, or precision to fp32' in node.log
    assert 'Traceback' not in node.log


def test_fp16_without_a_gpu_is_fp32_and_warns(client, start_node, face_msg):
    if 'CUDAExecutionProvider' in onnxruntime.get_available_providers():
        pytest.skip('this ONNX Runtime may use the GPU')
    node = start_node('precision:=fp16')
    client.answer_to(face_msg())
    client.wait_until(lambda: client.infos and client.figures, 'info and diagnostics')
    assert client.infos[-1].precision == client.figures['precision'] == 'fp32'
    (warning,) = [
        line
        for line in node.log.splitlines()
        if 'WARN' in line and 'no calibrated camera_info' not in line
    ]
    assert 'in fp32, not in the requested fp16' in warning
    assert node.stop() == 0


def test_parameters_change_while_it_runs(client, start_node, face_msg):
    node = start_node()
    assert client.answer_to(face_msg()).faces
    assert client.set_parameter('min_detection_confidence', double_value=0.999).successful
    # A face that is followed needs no detector; one that is searched for does.
    assert client.call(Trigger, 'facemesh/reset', Trigger.Request()).success
    assert not client.answer_to(face_msg()).faces
    assert client.set_parameter('min_detection_confidence', double_value=0.5).successful
    assert client.answer_to(face_msg()).faces

    for name, value, reason in (
        ('min_detection_confidence', {'double_value': -0.1}, 'min_detection_confidence'),
        ('marker_style', {'string_value': 'sphere'}, 'wireframe'),
        ('max_faces', {'integer_value': 2}, 'read-only'),
    ):
        result = client.set_parameter(name, **value)
        assert not result.successful
        assert reason in result.reason
    node.stop()


def test_a_lifecycle_manager_controls_it(client, start_node, face_msg):
    node = start_node('autostart:=false')
    for _ in range(2):
        assert change(client, Transition.TRANSITION_CONFIGURE)
        client.wait_until(lambda: client.infos, 'the info')
        assert change(client, Transition.TRANSITION_ACTIVATE)
        assert client.answer_to(face_msg()).faces
        assert change(client, Transition.TRANSITION_DEACTIVATE)
        client.answers.clear()
        client.send(face_msg())
        client.spin_for(0.5)
        assert client.answers == []
        assert change(client, Transition.TRANSITION_CLEANUP)
        client.infos.clear()
    assert node.stop() == 0


def test_a_signal_ends_it_while_inactive(client, start_node):
    node = start_node('autostart:=false')
    assert change(client, Transition.TRANSITION_CONFIGURE)
    assert node.stop() == 0, node.log
    assert 'Traceback' not in node.log


def test_a_reliable_subscription_by_override(client, start_node, face_msg):
    node = start_node('qos_overrides./image_raw.subscription.reliability:=reliable')
    assert client.answer_to(face_msg()).faces
    (endpoint,) = client.get_subscriptions_info_by_topic('/image_raw')
    assert endpoint.qos_profile.reliability.name == 'RELIABLE'
    node.stop()
