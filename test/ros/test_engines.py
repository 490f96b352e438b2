"""TensorRT engines are built before the node serves; here TensorRT and CUDA are the CPU."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from diagnostic_msgs.msg import DiagnosticStatus

from test.ros.conftest import FACEMESH

AS_IF = """\
import os, sys, time
from facemesh_ros.inference import nvidia_libraries, providers
cpu = 'CPUExecutionProvider'
providers.PROVIDERS = {**providers.PROVIDERS, 'tensorrt': cpu, 'cuda': cpu}
nvidia_libraries.TENSORRT = ('libm.so.6',)
if any(part.endswith('engine_builder') for part in sys.orig_argv):
    def build(session):
        if 'FAILING' in os.environ:
            raise RuntimeError('the builder ran out of memory')
        if 'FILLS' in os.environ:
            os.system('cat /dev/zero > "$FACEMESH_CACHE_DIR/full"')
        while not os.path.exists(os.environ['BUILT']):
            time.sleep(0.05)
    from facemesh_ros.inference.session import ModelSession
    ModelSession.try_once = build
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


def test_engines_are_built_at_configure_with_progress_and_are_cached(
    client, start_node, environment, face_msg
):
    parameters = ('execution_provider:=tensorrt', 'landmark_model:=attention')
    node = start_node(*parameters, environment=environment)
    client.wait_until(lambda: 'building the TensorRT engine of attention' in node.log, 'the build')
    client.wait_until(lambda: client.status, 'the diagnostics')
    assert client.status.name == 'facemesh: TensorRT engines'
    assert client.status.level == DiagnosticStatus.WARN
    assert f'TensorRT engine of attention (1 of {ENGINES})' in client.status.message
    assert 'no images are taken' in client.status.message
    assert client.infos == []
    Path(environment['BUILT']).touch()
    client.wait_until(lambda: 'engines are built' in client.status.message, 'the engines')
    assert client.status.level == DiagnosticStatus.OK
    assert node.log.count('is built after') == ENGINES
    assert client.answer_to(face_msg()).faces
    assert node.stop() == 0
    assert 'Traceback' not in node.log

    again = start_node(*parameters, environment=environment)
    assert client.answer_to(face_msg()).faces
    assert 'building the TensorRT engine' not in again.log
    assert again.stop() == 0


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_node_that_is_to_end_while_it_builds_ends_promptly(
    client, start_node, environment, number
):
    node = start_node('execution_provider:=tensorrt', environment=environment)
    client.wait_until(lambda: children_of(node.process.pid), 'the builder')
    (builder,) = children_of(node.process.pid)
    client.wait_until(lambda: client.status, 'the diagnostics')
    start_s = time.monotonic()
    assert node.stop(number) == 0, node.log
    assert time.monotonic() - start_s < 3
    assert not is_running(builder)
    assert 'the node ends while building the TensorRT engine' in node.log
    assert 'FATAL' not in node.log
    assert 'Traceback' not in node.log


def test_a_node_that_is_killed_takes_its_builder_along(client, start_node, environment):
    node = start_node('execution_provider:=tensorrt', environment=environment)
    client.wait_until(lambda: children_of(node.process.pid), 'the builder')
    (builder,) = children_of(node.process.pid)
    client.wait_until(lambda: client.status, 'the diagnostics')
    node.stop(signal.SIGKILL)
    client.wait_until(lambda: not is_running(builder), 'the end of the builder')


def test_an_engine_that_cannot_be_built_ends_the_start_with_the_reason(
    client, start_node, environment
):
    environment['FAILING'] = '1'
    node = start_node('execution_provider:=tensorrt', environment=environment)
    assert node.process.wait(60) == 1
    assert 'the builder ran out of memory' in node.log
    assert 'Traceback' not in node.log


def test_a_full_disk_ends_the_start_with_the_way_out(start_node, environment, tmp_path):
    namespace = ('unshare', '--map-root-user', '--mount')
    if not shutil.which('unshare') or subprocess.run([*namespace, 'true']).returncode:
        pytest.skip('this system lets no process mount for itself')
    cache = Path(environment['FACEMESH_CACHE_DIR'])
    cache.mkdir()
    Path(environment['BUILT']).touch()
    script = f'mount -t tmpfs -o size=1m tmpfs {cache} && exec "$@"'
    node = start_node(
        'execution_provider:=tensorrt',
        environment={**environment, 'FILLS': '1'},
        command=(*namespace, 'bash', '-c', script, 'bash', *FACEMESH),
    )
    assert node.process.wait(60) == 1
    assert f'cannot be kept in {cache}' in node.log
    assert 'No space left on device; make room there, or set $FACEMESH_CACHE_DIR' in node.log
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
