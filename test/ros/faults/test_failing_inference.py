"""Inference that raises, returns NaN, finds no memory or hangs, in real models of a real node."""

from __future__ import annotations

import re
import resource
import signal
from pathlib import Path

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from failing_models import ALLOCATES, HANGS, RAISES, RETURNS_NAN, hanging_environment
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from std_srvs.srv import SetBool

from facemesh_ros.ros.input.image_conversion import msg_from_bgr

PATIENCE_S = 60.0
SPARE_BYTES = 1 << 30
# Of an image of three bytes a pixel: the middleware has room to receive one, in pieces and as a
# whole, and none to give it away.
LARGE_SIDE, LITTLE_BYTES = 3600, 95_000_000


@pytest.fixture
def node(start, failing, client, face_msg):
    """A node that works."""
    started = start(environment=failing)
    assert client.answer_to(face_msg()).faces
    return started


def limit_memory(process_id: int, spare: int = SPARE_BYTES) -> None:
    """Let a process have some more address space than it has, as a container may."""
    status = Path(f'/proc/{process_id}/status').read_text()
    used = 1024 * int(re.search(r'VmSize:\s+(\d+) kB', status)[1])
    resource.prlimit(process_id, resource.RLIMIT_AS, (used + spare, used + spare))


def numbers_of(face) -> np.ndarray:
    return np.array([*face.landmarks, *face.box, *face.roi, face.presence])


def test_one_image_that_fails_is_told_and_the_next_one_is_processed(
    client, node, face_msg, coloured
):
    limit_memory(node.process.pid)
    before = client.answer_to(face_msg()).failed_images
    for colour, text in ((RAISES, 'out of data bounds'), (ALLOCATES, 'allocate memory')):
        status = client.status_after(coloured(colour), text)
        assert status.level == DiagnosticStatus.ERROR
        assert text in node.log
        (face,) = client.answer_to(face_msg()).faces
        assert np.isfinite(numbers_of(face)).all()
    assert client.answer_to(face_msg()).failed_images > before


def test_a_message_that_finds_no_memory_is_told_and_the_next_one_is_answered(
    client, node, face_msg
):
    """In the middleware, before it is an image."""
    before = client.answer_to(face_msg()).failed_images
    limit_memory(node.process.pid, LITTLE_BYTES)
    large = msg_from_bgr(np.full((LARGE_SIDE, LARGE_SIDE, 3), 90, np.uint8), client.header())
    status = client.status_after(large, 'no memory for a message')
    assert status.level == DiagnosticStatus.ERROR
    answer = client.answer_to(face_msg())
    assert answer.faces
    assert answer.failed_images > before
    assert 'a higher memory limit help' in node.log
    assert 'Traceback' not in node.log


def test_not_a_number_is_refused_counted_and_told_and_the_next_image_is_answered(
    client, node, face_msg, coloured
):
    """A detector that is sure of a face at NaN."""
    before = client.answer_to(face_msg())
    client.answers.clear()
    status = client.status_after(coloured(RETURNS_NAN), 'numbers that are not finite')
    assert '`facemesh models verify`' in status.message
    assert not client.answers
    after = client.answer_to(face_msg())
    assert after.failed_images > before.failed_images
    (face,) = after.faces
    assert np.isfinite(numbers_of(face)).all()
    assert face.id != before.faces[0].id  # what was known of it may have come from such numbers
    assert 'numbers that are not finite' in node.log
    assert 'Traceback' not in node.log


def test_a_hang_is_told_with_stacks_and_a_signal_ends_it_with_status_1(client, node, coloured):
    status = client.status_after(coloured(HANGS), 'no result for')
    assert 'seems to hang' in status.message
    stacks = next(item.value for item in status.values if item.key == 'details')
    hung = re.search(r"Thread 'inference':\n(?:  .*\n?)+", stacks)[0]
    assert 'session.py' in hung
    assert "Thread 'MainThread':" in stacks
    assert '[ERROR]' in node.log
    assert hung.splitlines()[-1] in node.log
    # All else goes on.
    assert client.call(SetBool, 'facemesh/enable', SetBool.Request(data=True)).success
    assert client.set_parameter('max_coast_frames', integer_value=3).successful
    node.process.send_signal(signal.SIGTERM)
    assert node.process.wait(PATIENCE_S) == 1
    assert 'ended by force' in node.log


def test_a_hang_ends_the_process_though_the_executor_waits_for_it_and_a_new_one_goes_on(
    client, node, start, failing, face_msg, coloured
):
    client.status_after(coloured(HANGS), 'no result for')
    change = client.create_client(ChangeState, 'facemesh/change_state')
    assert change.wait_for_service(PATIENCE_S)
    deactivate = Transition(id=Transition.TRANSITION_DEACTIVATE)
    change.call_async(ChangeState.Request(transition=deactivate))
    assert node.process.wait(PATIENCE_S) == 1
    assert re.search(r'facemesh: no result for \d+ s .* so that a new one can go on', node.log)
    assert 'ended by force' not in node.log
    start(environment=failing)  # as respawn does
    assert client.answer_to(face_msg()).faces


@pytest.fixture
def loading(start, client, model_store, tmp_path):
    """A node whose detector hangs when it is run for the first time."""
    node = start(environment=hanging_environment(model_store, tmp_path))
    client.wait_until(lambda: 'the models have been loading for' in node.log, 'a word of it')
    return node


def test_a_hang_while_models_load_is_told_with_stacks_and_ends_the_process(loading):
    assert loading.process.wait(PATIENCE_S) == 1
    told, ended = loading.log.split('facemesh: the models have been loading for 15 s')
    for text in (told, ended):
        assert re.search(r"Thread 'MainThread':\n(?:  .*\n?)+session.py", text)
    assert 'so that a new one can go on' in ended


def test_a_hang_while_models_load_is_ended_by_a_signal(loading):
    loading.process.send_signal(signal.SIGTERM)
    assert loading.process.wait(PATIENCE_S) == 1
    assert 'ended by force' in loading.log
