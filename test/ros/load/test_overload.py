"""More than a node can take: the newest image counts, nothing queues up, and services answer.

What is asserted is order and counts, by the node's own clock; a slow machine changes neither.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from functools import partial
from statistics import median

import pytest
import rclpy
from builtin_interfaces.msg import Time
from rcl_interfaces.srv import GetParameters
from std_srvs.srv import SetBool

from facemesh_ros.messages.image_conversion import ns_from_stamp
from facemesh_ros.msg import FaceMeshArray
from facemesh_ros.ros.input.image_conversion import msg_from_bgr
from facemesh_ros.ros.input.image_subscription import HAS_MESSAGE_INFO
from test.ros.conftest import FRAME_ID, PATIENCE_S, Client

ANSWERS = 40
SEND_PERIOD_S = 0.002
# Answers that may come between a request and its response: a service that waits for the images'
# end never comes.
MEANWHILE = 20


class Flood(Client):
    """Sends an image whenever it looks for answers, which is more than any node can take.

    Attributes:
        sent_ns: Stamps of the images sent.
        answered: Images that the node has answered: it numbers its messages, of which a client
            that has no processor time misses some.
    """

    def __init__(self, bgr) -> None:
        super().__init__()
        self._msg, self.sent_ns, self.answered = msg_from_bgr(bgr, self.header()), [], 0
        on_answer = self._on_answer if HAS_MESSAGE_INFO else partial(self._on_answer, info={})
        self.create_subscription(FaceMeshArray, 'facemesh/landmarks', on_answer, 10)

    def _on_answer(self, msg, info) -> None:
        self.answered = info.get('publication_sequence_number') or self.answered + 1
        self.last = msg

    def send_next(self) -> None:
        now_ns = max(self.get_clock().now().nanoseconds, *self.sent_ns[-1:], 0) + 1
        self._msg.header.stamp = Time(sec=now_ns // 10**9, nanosec=now_ns % 10**9)
        self._msg.header.frame_id = FRAME_ID
        self.sent_ns.append(now_ns)
        self.send(self._msg)

    def wait_until(self, reached, what) -> None:
        end_s = time.monotonic() + PATIENCE_S
        while not reached():
            assert time.monotonic() < end_s, f'timeout: {what}'
            self.send_next()
            rclpy.spin_once(self, timeout_sec=SEND_PERIOD_S)

    def answered_last(self) -> bool:
        return bool(self.answered) and ns_from_stamp(self.last.header) == self.sent_ns[-1]


@pytest.fixture(scope='module', autouse=True)
def node(start_node):
    return start_node('landmark_model:=mesh')


@pytest.fixture(scope='module')
def flood(ros, astronaut_bgr):
    client = Flood(astronaut_bgr)
    client.wait_until(lambda: client.answered, 'the first answer')
    yield client
    client.destroy_node()


def last_image_answered(flood):
    """Send single images until one is answered: nothing else is under way then."""
    for _ in range(10):
        flood.send_next()
        Client.spin_for(flood, 0.1)
        end = flood.get_clock().now().nanoseconds + 3 * 10**9
        while not flood.answered_last() and flood.get_clock().now().nanoseconds < end:
            rclpy.spin_once(flood, timeout_sec=0.05)
        if flood.answered_last():
            return flood.last
    raise AssertionError('a single image is not answered')


def test_the_newest_image_is_taken_and_nothing_queues_up(flood):
    flood.answers.clear()
    flood.wait_until(lambda: len(flood.answers) >= ANSWERS, 'answers under load')
    stamps_ns = [ns_from_stamp(answer.header) for answer in flood.answers]
    assert stamps_ns == sorted(set(stamps_ns))  # newer and newer, none twice
    # How many newer images had been sent when the worker became free: those on their way to the
    # middleware. Of an image that waits for its turn it would be all that were sent meanwhile.
    published_ns = [
        stamp + round(1e9 * answer.latency)
        for stamp, answer in zip(stamps_ns, flood.answers, strict=True)
    ]
    newer = [
        bisect_left(flood.sent_ns, free) - bisect_right(flood.sent_ns, taken)
        for free, taken in zip(published_ns, stamps_ns[1:], strict=False)
    ]
    sent = bisect_right(flood.sent_ns, stamps_ns[-1]) - bisect_left(flood.sent_ns, stamps_ns[0])
    assert median(newer) <= sent / len(stamps_ns) / 2


def test_every_image_is_answered_dropped_lost_or_failed(flood):
    first = last_image_answered(flood)
    answered, sent = flood.answered, len(flood.sent_ns)
    flood.wait_until(lambda: flood.answered >= answered + ANSWERS, 'answers under load')
    # Somebody who makes sure of it now and then changes no count.
    flood.call(SetBool, 'facemesh/enable', SetBool.Request(data=True))
    flood.wait_until(lambda: flood.answered >= answered + 2 * ANSWERS, 'answers under load')
    last = last_image_answered(flood)
    counts = [
        sum((msg.dropped_images, msg.lost_images, msg.failed_images)) for msg in (first, last)
    ]
    assert len(flood.sent_ns) - sent == flood.answered - answered + counts[1] - counts[0]
    assert counts[1] > counts[0]  # it was more than the node can take


def test_services_and_parameters_answer_meanwhile(flood):
    for _ in range(5):
        before = flood.answered
        request = GetParameters.Request(names=['max_faces'])
        assert flood.call(GetParameters, 'facemesh/get_parameters', request).values
        assert flood.set_parameter('max_coast_frames', integer_value=5).successful
        flood.call(SetBool, 'facemesh/enable', SetBool.Request(data=True))
        assert flood.answered - before <= 3 * MEANWHILE
    flood.wait_until(lambda: flood.answered > before, 'answers after the calls')
