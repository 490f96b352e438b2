"""A subscriber of the other distribution receives what a node of this one publishes."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from facemesh_ros.msg import FaceMeshArray

LISTENER = Path(__file__).with_name('listener.py')
PATIENCE_S = 60.0


@pytest.fixture
def other_python(require) -> str:
    python = os.environ.get('FACEMESH_OTHER_DISTRO_PYTHON', '')
    require(python, 'the environment of the other distribution (./run setup --distro NAME)')
    return python


def test_the_other_distribution_receives_the_same(client, start_node, face_msg, other_python):
    start_node('landmark_model:=attention')
    with subprocess.Popen(
        [other_python, str(LISTENER)], stdout=subprocess.PIPE, text=True
    ) as listener:
        end_s = time.monotonic() + PATIENCE_S
        while listener.poll() is None and time.monotonic() < end_s:
            client.answer_to(face_msg())
        listener.kill()
        output = listener.stdout.read()
    assert listener.returncode == 0, output
    received = json.loads(output.splitlines()[-1])
    # An image that was sent again before its answer came has two.
    assert received in [as_received(answer) for answer in client.answers if answer.faces]


def as_received(answer: FaceMeshArray) -> dict[str, object]:
    """An answer as the listener prints it."""
    stamp, face = answer.header.stamp, answer.faces[0]
    return {
        'stamp': [stamp.sec, stamp.nanosec],
        'frame_id': answer.header.frame_id,
        'id': face.id,
        'landmarks': list(face.landmarks),
    }
