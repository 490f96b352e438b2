"""A GPU that is lost while the node runs; here it is the CPU, until a file exists."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

AS_IF = """\
import os
from onnxruntime.capi.onnxruntime_pybind11_state import Fail
from facemesh_ros.inference import providers
from facemesh_ros.inference import session as network

GPU = cpu = 'CPUExecutionProvider'
providers.PROVIDERS = {**providers.PROVIDERS, 'cuda': GPU}
providers.GPU_PROVIDERS = frozenset({GPU})
open_session = providers.open_session

class Session:
    '''One that its GPU may leave.'''

    def __init__(self, session):
        self._session = session

    def __getattr__(self, name):
        return getattr(self._session, name)

    def run(self, *arguments):
        if os.path.exists(os.environ['LOST']):
            raise Fail('CUDA failure 700: an illegal memory access was encountered ; GPU=0')
        return self._session.run(*arguments)

def opened(onnx, choice, *rest):
    session = open_session(onnx, choice, *rest)
    if choice.execution_provider == 'cpu':
        return session
    if os.path.exists(os.environ['GONE']):
        raise providers.ProviderStartError(GPU, 'CUDA failure 100: no CUDA-capable device')
    return Session(session)

network.open_session, network.GPU_PROVIDERS = opened, providers.GPU_PROVIDERS
import facemesh_ros.inference.session
facemesh_ros.inference.session.CPU = 'nobody wants the form for CPUs here'
import facemesh_ros.assembly.face_sensor
facemesh_ros.assembly.face_sensor.CUDA = 'whole images are not what this is about'
"""
LAST_MODEL = 'short_range.onnx'


@pytest.fixture
def environment(tmp_path, model_store):
    (tmp_path / 'sitecustomize.py').write_text(AS_IF)
    shutil.copytree(model_store.folder, tmp_path / 'models')
    paths = [str(tmp_path), os.environ.get('PYTHONPATH', '')]
    return {
        'PYTHONPATH': os.pathsep.join(filter(None, paths)),
        'FACEMESH_MODEL_DIR': str(tmp_path / 'models'),
        'LOST': str(tmp_path / 'lost'),
        'GONE': str(tmp_path / 'gone'),
    }


def first_answer(client, face_msg, node):
    """Send until an image is answered: those during the loss are not."""
    client.wait_until(lambda: client.send(face_msg()) or client.answers, node.log[-500:])
    return client.answers[-1]


def test_after_a_fallback_to_the_cpu_provider_and_precision_are_published_again(
    client, start_node, environment, face_msg
):
    parameters = ('precision:=fp16', 'landmark_model:=mesh', 'detector:=short_range')
    node = start_node(*parameters, environment=environment)
    first = client.answer_to(face_msg())
    assert first.faces
    client.wait_until(lambda: client.infos and client.figures, 'info and diagnostics')
    assert client.infos[-1].precision == client.figures['precision'] == 'fp16'

    Path(environment['GONE']).touch()
    Path(environment['LOST']).touch()
    client.answers.clear()
    last = first_answer(client, face_msg, node)
    assert last.faces
    client.wait_until(lambda: client.infos[-1].precision == 'fp32', 'the news')
    client.wait_until(lambda: client.figures['precision'] == 'fp32', 'the diagnostics')
    assert 'in fp32' in client.infos[-1].provider_report
    assert 'the GPU failed; opening the models again' in node.log
    assert 'in fp32, not in the requested fp16' in node.log
    assert node.stop() == 0
    assert 'Traceback' not in node.log


def test_a_damaged_model_does_not_end_the_node_whose_gpu_was_lost(
    client, start_node, environment, face_msg
):
    parameters = ('landmark_model:=mesh', 'detector:=short_range')
    node = start_node(*parameters, environment=environment)
    assert client.answer_to(face_msg()).faces

    model = Path(environment['FACEMESH_MODEL_DIR']) / LAST_MODEL
    content = model.read_bytes()
    model.write_bytes(b'damaged')
    Path(environment['LOST']).touch()
    client.wait_until(
        lambda: client.send(face_msg()) or 'the models do not open: ' in node.log, 'the try'
    )
    assert f'{LAST_MODEL} is not what the manifest says' in node.log
    model.write_bytes(content)
    Path(environment['LOST']).unlink()
    client.answers.clear()
    assert first_answer(client, face_msg, node).faces
    assert node.stop() == 0
    assert 'Traceback' not in node.log
