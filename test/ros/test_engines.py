"""TensorRT's engines are built while the node works; here TensorRT and CUDA are the CPU."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState

AS_IF = """\
import os, sys, time
from facemesh_ros.inference import nvidia_libraries, providers
cpu = 'CPUExecutionProvider'
providers.PROVIDERS = {**providers.PROVIDERS, 'tensorrt': cpu, 'cuda': cpu}
nvidia_libraries.TENSORRT = ('libm.so.6',)
if any(part.endswith('engine_build') for part in sys.orig_argv):
    def build(network):
        while not os.path.exists(os.environ['BUILT']):
            time.sleep(0.05)
    from facemesh_ros.inference import session as network
    network.ModelSession.try_once = build
"""
ENGINES = 3


@pytest.fixture
def environment(tmp_path):
    (tmp_path / 'sitecustomize.py').write_text(AS_IF)
    paths = [str(tmp_path), os.environ.get('PYTHONPATH', '')]
    return {
        'PYTHONPATH': os.pathsep.join(filter(None, paths)),
        'FACEMESH_CACHE_DIR': str(tmp_path / 'cache'),
        'BUILT': str(tmp_path / 'built'),  # nothing is, until this file is there
    }


def test_images_are_answered_meanwhile_and_info_tells_when_it_changes(
    client, start_node, environment, face_msg
):
    parameters = ('execution_provider:=tensorrt', 'landmark_model:=attention')
    node = start_node(*parameters, environment=environment)
    client.wait_until(lambda: 'building the TensorRT engine' in node.log, 'the announcement')
    first = client.answer_to(face_msg()).faces[0]
    client.wait_until(
        lambda: 'building TensorRT engine' in client.figures, 'the model in the diagnostics'
    )
    assert len(client.infos) == 1
    assert 'runs it from now on' not in node.log
    Path(environment['BUILT']).touch()
    client.wait_until(lambda: node.log.count('runs it from now on') == ENGINES, 'the engines')
    client.wait_until(lambda: len(client.infos) > 1, 'the news')
    last = client.answer_to(face_msg()).faces[0]
    assert last.id == first.id
    assert node.stop() == 0
    assert 'Traceback' not in node.log

    again = start_node(*parameters, environment=environment)
    assert client.answer_to(face_msg()).faces
    assert 'building the TensorRT engine' not in again.log
    assert again.stop() == 0


def test_a_node_that_ends_takes_its_builder_along(client, start_node, environment):
    node = start_node('execution_provider:=tensorrt', environment=environment)
    client.wait_until(lambda: 'building the TensorRT engine' in node.log, 'the announcement')
    client.wait_until(lambda: children_of(node.process.pid), 'the builder')
    (builder,) = children_of(node.process.pid)
    assert node.stop() == 0, node.log
    client.wait_until(lambda: not is_running(builder), 'the end of the builder')


def test_a_cleanup_ends_the_builder(client, start_node, environment):
    node = start_node('execution_provider:=tensorrt', environment=environment)
    for _ in range(2):
        client.wait_until(lambda: children_of(node.process.pid), 'the builder')
        (builder,) = children_of(node.process.pid)
        for transition in ('deactivate', 'cleanup'):
            request = ChangeState.Request(transition=Transition(label=transition))
            assert client.call(ChangeState, 'facemesh/change_state', request).success
        assert not is_running(builder)
        for transition in ('configure', 'activate'):
            request = ChangeState.Request(transition=Transition(label=transition))
            assert client.call(ChangeState, 'facemesh/change_state', request).success
    assert 'could not be built' not in node.log
    assert node.stop() == 0
    assert 'Traceback' not in node.log


def children_of(pid: int) -> list[int]:
    found = []
    for task in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{task}/children') as file:
            found += [int(child) for child in file.read().split()]
    return found


def is_running(pid: int) -> bool:
    try:
        with open(f'/proc/{pid}/stat') as file:
            return file.read().rpartition(')')[2].split()[0] not in 'ZX'
    except FileNotFoundError:
        return False
