"""A node that uses simulated time, without and with a publisher of /clock."""

from __future__ import annotations

import math

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from rosgraph_msgs.msg import Clock

NO_CLOCK = 'no node publishes /clock'


@pytest.fixture(scope='module')
def node(start_node):
    return start_node('use_sim_time:=true', 'landmark_model:=mesh', 'max_image_age:=5.0')


def test_without_a_clock_it_warns_and_works(client, node, face_msg):
    client.wait_until(lambda: client.status and NO_CLOCK in client.status.message, 'the warning')
    assert client.status.level == DiagnosticStatus.WARN
    assert node.log.count(NO_CLOCK) == 1
    answer = client.answer_to(face_msg())
    assert len(answer.faces) == 1
    assert math.isnan(answer.latency)
    client.wait_until(lambda: client.status.message.startswith('1 face(s); '), 'the face')
    assert NO_CLOCK in client.status.message
    bad = face_msg()
    bad.encoding = 'nonsense'
    client.status_after(bad, "'nonsense'")
    assert node.log.count("'nonsense'") >= 1


def test_with_a_clock_latency_counts_from_the_stamp_in_its_time(client, node, face_msg):
    clock = client.create_publisher(Clock, '/clock', 1)

    def answered_in_time():
        image, now = face_msg(), Clock()
        now.clock.sec, now.clock.nanosec = image.header.stamp.sec + 2, image.header.stamp.nanosec
        clock.publish(now)
        client.spin_for(0.1)
        return client.answer_to(image).latency == pytest.approx(2.0)

    client.wait_until(answered_in_time, 'the time')
    client.wait_until(
        lambda: client.status and 'clock' not in client.status.message, 'the end of the warning'
    )
