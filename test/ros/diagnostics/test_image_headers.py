"""Stamps that are out of order, missing or far apart: faces stay tracked, each fault is logged."""

from __future__ import annotations

import pytest
from std_msgs.msg import Header

from facemesh_ros.msg import FaceMesh
from facemesh_ros.ros.input.image_conversion import msg_from_bgr

START_NS = 1_795_000_000_000_000_000
MS = 1_000_000


@pytest.fixture
def answers_to(client, start_node, astronaut_bgr):
    """Start a node, and return what sends it images of given stamps, one by one."""
    node = start_node()

    def process(*stamps_ns):
        faces = []
        for stamp_ns in stamps_ns:
            header = Header(frame_id='camera')
            header.stamp.sec, header.stamp.nanosec = divmod(stamp_ns, 10**9)
            client.answers.clear()
            msg = msg_from_bgr(astronaut_bgr, header)
            (face,) = client.answer_to(msg).faces
            faces.append((face.id, face.state))
        return faces, node.log

    yield process
    node.stop()


def test_images_out_of_order_or_without_a_stamp_are_processed_and_logged_once(answers_to):
    in_order = [START_NS + index * 33 * MS for index in range(4)]
    late, unstamped = START_NS + 80 * MS, 0
    faces, _ = answers_to(*in_order)
    known = faces[0][0]
    faces, log = answers_to(late, START_NS + 133 * MS, unstamped, late, unstamped)
    assert faces == [(known, FaceMesh.STATE_TRACKED)] * 5
    assert log.count('has an earlier stamp than the one before') == 1
    assert log.count('has no stamp') == 1
    assert 'went back' not in log
    faces, log = answers_to(START_NS - 5000 * MS, START_NS - 10_000 * MS)
    assert len({known, *(number for number, _ in faces)}) == 3
    assert log.count('went back by 1 s or more') == 1


def test_faces_of_a_slow_camera_are_tracked_and_one_too_slow_is_logged(
    answers_to,
):
    faces, log = answers_to(*(START_NS + index * 2000 * MS for index in range(4)))
    assert len({number for number, _ in faces}) == 1
    assert [state for _, state in faces][1:] == [FaceMesh.STATE_TRACKED] * 3
    assert 'no face is tracked' not in log
    later = START_NS + 10**12
    faces, log = answers_to(*(later + index * 60_000 * MS for index in range(4)))
    assert len({number for number, _ in faces}) == 4
    assert log.count('images on /image_raw come more than 20 s apart') == 1
