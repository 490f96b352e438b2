"""Other processes that stop, end, are killed or have the same name."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from facemesh_ros.msg import FaceMesh
from test.ros.conftest import Client

CAMERA = Path(__file__).parents[1] / 'camera.py'
CONSUMER = Path(__file__).with_name('consumer.py')
# A settled heap varies by 4 MB; the messages of 200 images, kept, are 100 MB.
ALLOWED_MB = 24


@pytest.fixture
def start_program():
    """Start a script that ends when its input does."""
    started = []

    def start_script(script: Path) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        started.append(
            subprocess.Popen([sys.executable, script], stdin=pipe, stdout=pipe, text=True)
        )
        return started[-1]

    yield start_script
    for program in started:
        program.kill()
        program.communicate()


@pytest.fixture
def watcher(ros):
    """A client that publishes no images of the node's camera."""
    node = Client('another')
    yield node
    node.destroy_node()


def processed(client) -> int:
    return int(client.figures.get('images processed', 0))


def wait_for_more(client, count: int = 20) -> None:
    before = processed(client)
    client.wait_until(lambda: processed(client) >= before + count, 'images that are processed')


def resident_mb(process_id: int) -> float:
    status = Path(f'/proc/{process_id}/status').read_text()
    return int(re.search(r'VmRSS:\s+(\d+) kB', status)[1]) / 1024


def told(client, text: str) -> None:
    client.wait_until(lambda: client.status and text in client.status.message, text)


def test_a_camera_stops_ends_and_returns(watcher, start, start_program):
    node, camera = start(), start_program(CAMERA)
    wait_for_more(watcher)
    camera.send_signal(signal.SIGSTOP)
    told(watcher, 'has the camera stopped')
    camera.send_signal(signal.SIGCONT)
    wait_for_more(watcher)
    assert 'has the camera stopped' not in watcher.status.message
    camera.communicate()  # it ends with its input
    told(watcher, 'has the camera node ended')
    start_program(CAMERA)
    wait_for_more(watcher)
    assert 'has the camera node ended' not in watcher.status.message
    assert 'publishers on' not in node.log
    assert node.stop() == 0


def test_a_killed_node_that_is_started_anew_goes_on_with_new_ids(client, start, face_msg):
    node = start()
    for _ in range(3):
        assert client.answer_to(face_msg()).faces
    client.infos.clear()
    client.send(face_msg())
    node.stop(signal.SIGKILL)
    again = start()
    (face,) = client.answer_to(face_msg()).faces
    assert (face.id, face.state) == ('f00001', FaceMesh.STATE_TENTATIVE)
    client.wait_until(lambda: client.infos, 'the info of the new node')
    assert again.stop() == 0


def test_a_second_node_of_the_same_name_is_told_by_both(client, start):
    first, second = start(), start()
    for node in (first, second):
        client.wait_until(lambda node=node: '2 nodes are named /facemesh' in node.log, 'the log')
        assert '-r __node:=NAME' in node.log
    told(client, '2 nodes are named /facemesh')
    assert second.stop() == 0
    client.wait_until(lambda: '2 nodes' not in client.status.message, 'the end of the warning')
    assert first.stop() == 0


def test_consumers_that_never_read_cost_neither_answers_nor_memory(
    client, start, start_program, face_msg
):
    node, consumer = start(), start_program(CONSUMER)
    client.wait_until(lambda: client.answer_to(face_msg()).faces, 'faces')

    def answer_all(count: int) -> None:
        for _ in range(count):
            image = face_msg()
            client.send(image)
            client.wait_until(
                lambda image=image: (
                    client.answers[-1].header == image.header or client.send(image)
                ),
                'the answer',
            )

    answer_all(40)
    assert consumer.stdout.readline() == 'all of it arrives\n'
    consumer.send_signal(signal.SIGSTOP)
    answer_all(40)
    before_mb = resident_mb(node.process.pid)
    answer_all(160)
    assert resident_mb(node.process.pid) - before_mb < ALLOWED_MB
    assert int(client.answers[-1].failed_images) == 0
    assert node.stop() == 0
