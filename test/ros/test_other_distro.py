"""A node of this distribution is heard by a subscriber of the other one."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

LISTENER = Path(__file__).with_name('listener.py')
PATIENCE_S = 60.0


@pytest.fixture
def other_python(require) -> str:
    python = os.environ.get('FACEMESH_OTHER_DISTRO_PYTHON', '')
    require(python, 'the environment of the other distribution (./run setup --distro NAME)')
    return python


def test_the_other_distribution_hears_the_same(client, start_node, face_msg, other_python):
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
    heard = json.loads(output.splitlines()[-1])
    (said,) = [
        answer
        for answer in client.answers
        if [answer.header.stamp.sec, answer.header.stamp.nanosec] == heard['stamp']
    ]
    assert heard['frame_id'] == said.header.frame_id
    assert heard['id'] == said.faces[0].id
    assert heard['landmarks'] == list(said.faces[0].landmarks)
