"""At run time nothing leaves by any way but the middleware's: no host is named, none connected to.

Seen in system calls, so that no library under the node is left out, ONNX Runtime's telemetry
among them.
"""

from __future__ import annotations

import subprocess
import sys

import cv2
import pytest

from facemesh_ros.ros.process.middleware import middleware
from test.ros.security.network_calls import NetworkCalls

# Each reaches for the network as a library might.
REACHING = {
    'a download': 'import urllib.request; urllib.request.urlopen("http://127.0.0.1:9/")',
    'the name of a host': 'import socket; socket.getaddrinfo("model.example", 80)',
    'a datagram': 'import socket; s = socket.socket(2, 2); s.sendto(b"x", ("203.0.113.1", 9))',
}


@pytest.fixture
def calls(tmp_path):
    return NetworkCalls(tmp_path / 'calls')


@pytest.mark.parametrize('code', REACHING.values(), ids=REACHING)
def test_the_check_sees_whoever_reaches_for_the_network(calls, code):
    subprocess.run([*calls.command, sys.executable, '-c', code], capture_output=True)
    assert calls.violations()


def test_the_node_reaches_nobody_but_other_nodes(calls, client, start_node, face_msg):
    if 'zenoh' in middleware():
        pytest.skip('Zenoh connects to its router by TCP')
    node = start_node(prefix=calls.command)
    assert client.answer_to(face_msg()).faces
    assert node.stop() == 0
    assert calls.sockets()  # of DDS: the check sees this process
    assert calls.violations() == []


def test_the_command_has_no_socket_at_all(calls, astronaut_bgr, tmp_path, model_store):
    picture = tmp_path / 'face.png'
    cv2.imwrite(str(picture), astronaut_bgr)
    command = [sys.executable, '-m', 'facemesh_ros.cli', 'run', str(picture), '--jsonl', '-']
    done = subprocess.run([*calls.command, *command], capture_output=True, text=True, check=True)
    assert '"landmarks"' in done.stdout
    assert calls.sockets() == set()
