"""Messages that wait in the middleware are taken by the thread that needs them, and let it go."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import count

import pytest
import rclpy
from hypothesis import given
from hypothesis import strategies as st
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo

from facemesh_ros.ros.input.topics import CameraTopics
from facemesh_ros.ros.input.waiting_messages import WaitingMessages, taken
from test.ros.conftest import PATIENCE_S

KEPT = 5


@dataclass
class Message:
    received_s: float
    number: int = 0


@given(st.integers(0, 20), st.integers(1, 10))
def test_all_that_wait_are_taken_up_to_as_many_as_are_kept(waiting, kept):
    messages = iter([Message(time.time() - 1, number) for number in range(waiting)])
    found = list(taken(lambda: next(messages, None), kept))
    assert [message.number for message in found] == list(range(min(waiting, kept)))


@pytest.mark.parametrize('waiting', [0, 3])
def test_a_publisher_that_is_faster_does_not_hold_the_thread(waiting):
    numbers, now_s = count(), time.time()

    def take():  # as when the next one has come before this one is out
        number = next(numbers)
        assert number < 100, 'the thread does not come back'
        return Message(now_s - 1 if number < waiting else time.time())

    assert len(list(taken(take, kept=10**9))) == waiting + 1


@pytest.fixture
def node(ros):
    node = rclpy.create_node('waiting', namespace='/test_waiting')
    yield node
    node.destroy_node()


def test_what_the_middleware_kept_comes_in_order_and_no_executor_takes_it(node):
    profile = QoSProfile(depth=KEPT)
    publisher = node.create_publisher(CameraInfo, 'camera_info', profile)
    topics = CameraTopics(node, '', 'raw')
    waiting = WaitingMessages(topics, CameraInfo, 'camera_info', profile)
    end_s = time.monotonic() + PATIENCE_S
    while not publisher.get_subscription_count():
        assert time.monotonic() < end_s
        time.sleep(0.01)
    for number in range(3 * KEPT):
        publisher.publish(CameraInfo(height=number))
    for _ in range(10):
        rclpy.spin_once(node, timeout_sec=0.02)
    found = [rclpy.serialization.deserialize_message(bytes(message.cdr), CameraInfo).height
             for message in waiting.take()]  # fmt: skip
    assert found == list(range(2 * KEPT, 3 * KEPT))
    assert not list(waiting.take())
    waiting.close()
    assert not publisher.get_subscription_count()
