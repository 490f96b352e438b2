"""At run time nothing leaves by any way but the middleware's: no host is named, none connected to.

Seen in system calls, so that no library under the node is left out. ONNX Runtime's telemetry, on
by default on Linux, sends only after some seconds, but leaves files as soon as it is imported.
"""

from __future__ import annotations

import os
import subprocess
import sys

import cv2
import pytest

from facemesh_ros.ros.process.middleware import is_zenoh
from test.ros.conftest import FACEMESH
from test.ros.security.network_calls import NetworkCalls

# Each reaches for the network as a library might.
REACHING = {
    'a download': 'import urllib.request; urllib.request.urlopen("http://127.0.0.1:9/")',
    'the name of a host': 'import socket; socket.getaddrinfo("model.example", 80)',
    'a datagram': 'import socket; s = socket.socket(2, 2); s.sendto(b"x", ("203.0.113.1", 9))',
}
# Where rclpy logs to.
LOGS = '.ros'


@pytest.fixture
def calls(tmp_path):
    return NetworkCalls(tmp_path / 'calls')


@pytest.fixture
def home(tmp_path):
    """A user's empty home."""
    home = tmp_path / 'home'
    home.mkdir()
    return home


@pytest.fixture
def environment(home, model_store):
    """The environment of a user who has turned nothing off."""
    dropped = ('ORT_DISABLE_TELEMETRY', 'XDG_CACHE_HOME')
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, 'HOME': str(home), 'FACEMESH_MODEL_DIR': str(model_store.folder)}


def left_in(home):
    """Return the files that a process has left in a home, apart from ROS' logs."""
    files = (file.relative_to(home) for file in home.rglob('*') if file.is_file())
    return [str(file) for file in files if file.parts[0] != LOGS]


@pytest.mark.parametrize('code', REACHING.values(), ids=REACHING)
def test_the_check_sees_whoever_reaches_for_the_network(calls, code):
    subprocess.run([*calls.command, sys.executable, '-c', code], capture_output=True)
    assert calls.violations()


def test_the_check_sees_the_telemetry_of_onnx_runtime(home, environment):
    subprocess.run([sys.executable, '-c', 'import onnxruntime'], env=environment, check=True)
    if not left_in(home):
        pytest.skip('needs an ONNX Runtime with telemetry, from 1.29 on')


def test_the_node_reaches_nobody_but_other_nodes(
    calls, client, start_node, face_msg, home, environment
):
    if is_zenoh():
        pytest.skip('Zenoh connects to its router by TCP')
    node = start_node(command=[*calls.command, *FACEMESH], environment=environment, inherit=False)
    assert client.answer_to(face_msg()).faces
    assert node.stop() == 0
    assert calls.sockets()  # of DDS: the check sees this process
    assert calls.violations() == []
    assert left_in(home) == []


def test_the_command_has_no_socket_at_all(calls, astronaut_bgr, tmp_path, home, environment):
    picture = tmp_path / 'face.png'
    cv2.imwrite(str(picture), astronaut_bgr)
    command = [sys.executable, '-m', 'facemesh_ros.cli', 'run', str(picture), '--jsonl', '-']
    done = subprocess.run(
        [*calls.command, *command], capture_output=True, text=True, check=True, env=environment
    )
    assert '"landmarks"' in done.stdout
    assert calls.sockets() == set()
    assert left_in(home) == []
