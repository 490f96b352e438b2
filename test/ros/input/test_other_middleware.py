"""Images as other middlewares deliver them: with other message infos, and other loss reports.

What each delivers was read in its RMW implementation, docs/middleware.md says where; Cyclone DDS
was run.
"""

from __future__ import annotations

import time
from collections import deque

import pytest
import rclpy
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.ros.diagnostics.transport_advice import (
    containers_remedy,
    discovery_settings,
    lost_images_remedy,
)
from facemesh_ros.ros.input.image_subscription import (
    HAS_MESSAGE_INFO,
    EventHandler,
    ImageSubscription,
    LostMessageCount,
)
from facemesh_ros.ros.input.newest_image_queue import NewestImageQueue
from facemesh_ros.ros.input.topics import CameraTopics
from facemesh_ros.ros.process import spin
from facemesh_ros.ros.qos import IMAGES

PERIOD_NS = 33_000_000
OTHERS = ['rmw_cyclonedds_cpp', 'rmw_zenoh_cpp', 'rmw_connextdds', 'rmw_gurumdds_cpp']


@pytest.fixture
def node(ros):
    node = rclpy.create_node('other_middleware', namespace='/test_other')
    yield node
    node.destroy_node()


@pytest.fixture
def camera(node):
    """A queue and its subscription, whose callback the executor calls while the gate is open."""
    queue = NewestImageQueue[memoryview](ImageCounts())
    subscription = ImageSubscription(CameraTopics(node, '', 'raw'), queue.put)
    queue.connect(subscription)
    yield queue, subscription._subscription.callback
    subscription.destroy()


def fast_dds(index, now_ns):
    return {'received_timestamp': now_ns, 'publication_sequence_number': index + 1}


def cyclone_dds(index, now_ns):
    return {'received_timestamp': now_ns, 'publication_sequence_number': None}


def zenoh(index, now_ns):
    return {'received_timestamp': now_ns, 'publication_sequence_number': index + 1}


def zenoh_2024(index, now_ns):
    """Stamps in Zenoh's own format; zero for a number that could not be read."""
    seconds, rest_ns = divmod(now_ns, 10**9)
    stamp = (seconds << 32) + (rest_ns << 32) // 10**9
    return {'received_timestamp': stamp, 'publication_sequence_number': 0}


def connext(index, now_ns):
    return {'received_timestamp': 0, 'publication_sequence_number': index + 1}


def subscription_of(queue):
    return queue._source


DELIVERIES = [fast_dds, cyclone_dds, zenoh, zenoh_2024, connext]
pytestmark = pytest.mark.skipif(not HAS_MESSAGE_INFO, reason='Humble passes no message info')


@pytest.mark.parametrize('info', DELIVERIES)
def test_while_the_worker_keeps_up_every_image_is_received_and_none_lost(camera, info):
    queue, callback = camera
    for index in range(10):
        callback(b'%d' % index, info(index, time.time_ns()))
        assert queue.take() == b'%d' % index
    assert queue.counts == ImageCounts(received=10)


@pytest.mark.parametrize('info', [cyclone_dds, zenoh_2024])
def test_images_without_a_number_are_all_taken_so_that_none_is_dropped_uncounted(camera, info):
    queue, callback = camera
    start_ns = time.time_ns() - 100 * PERIOD_NS
    callback(b'0', info(0, start_ns))
    assert queue.take() == b'0'
    for index in range(1, 9):
        callback(b'%d' % index, info(index, start_ns + index * PERIOD_NS))
        # Or nobody would know how many are left behind it.
        assert subscription_of(queue)._gate.is_open
    assert queue.take() == b'8'
    assert (queue.counts.received, queue.counts.dropped, queue.counts.lost) == (9, 7, 0)


@pytest.mark.parametrize('info', DELIVERIES)
def test_when_an_image_arrived_is_known_by_this_systems_clock(camera, info):
    queue, callback = camera
    sent_s = time.time()
    callback(b'', info(0, time.time_ns()))
    assert sent_s <= queue.newest_s() <= time.time()


def test_two_images_of_one_number_are_no_loss(camera):
    queue, callback = camera
    for _ in range(10):
        callback(b'', {'publication_sequence_number': 7})
        queue.take()
    assert (queue.counts.received, queue.counts.dropped, queue.counts.lost) == (10, 0, 0)


class Lost:
    """A report of lost messages."""

    def __init__(self, total):
        self.total_count = total


def count_of(node, monkeypatch, take_data):
    """Return a count of lost messages that reads these reports."""
    subscription = node.create_subscription(Image, 'lossy', lambda _: None, 1)
    count = LostMessageCount(subscription)
    monkeypatch.setattr(EventHandler, 'take_data', lambda _: take_data())
    return count


def test_zenoh_queues_its_reports_and_has_an_error_where_there_is_none(node, monkeypatch):
    reports = deque()

    def take_data():
        if not reports:
            raise RuntimeError('failed to take event: event queue for event type [3] is empty')
        return reports.popleft()

    count = count_of(node, monkeypatch, take_data)
    assert count.total() == 0
    reports.extend([Lost(2), Lost(3), Lost(7)])
    assert count.total() == 7
    assert count.total() == 7


def test_a_dds_has_one_report_whenever_it_is_asked(node, monkeypatch):
    totals = iter([0, 4, 4, 4, 6, 6])
    count = count_of(node, monkeypatch, lambda: Lost(next(totals)))
    assert [count.total() for _ in range(4)] == [0, 4, 4, 6]


@pytest.fixture
def on(monkeypatch):
    def begin(identifier):
        monkeypatch.setattr(rclpy, 'get_rmw_implementation_identifier', lambda: identifier)

    return begin


@pytest.mark.parametrize('identifier', OTHERS)
def test_no_advice_about_fast_dds_elsewhere(node, on, identifier):
    on(identifier)
    topics = CameraTopics(node, '', 'raw')
    advice = lost_images_remedy(topics, IMAGES) + containers_remedy() + discovery_settings()
    assert not any(word in advice for word in ('FASTDDS', 'FASTRTPS', 'fastdds', '/dev/shm'))
    assert f'RMW_IMPLEMENTATION={identifier}' in advice


@pytest.mark.parametrize(
    ('identifier', 'words'),
    [
        ('rmw_fastrtps_cpp', ['fastdds_large_images.xml', '--ipc=host', 'rmem_max']),
        ('rmw_fastrtps_dynamic_cpp', ['fastdds_large_images.xml', '--ipc=host', 'rmem_max']),
        ('rmw_cyclonedds_cpp', ['CYCLONEDDS_URI', 'rmem_max']),
        ('rmw_zenoh_cpp', ['rmw_zenohd', 'smaller images']),
        ('rmw_connextdds', ['rmem_max']),
    ],
)
def test_each_middleware_has_advice_of_its_own(node, on, identifier, words):
    on(identifier)
    remedy = lost_images_remedy(CameraTopics(node, '', 'raw'), QoSProfile(depth=1))
    advice = remedy + containers_remedy() + discovery_settings()
    assert [word for word in words if word not in advice] == []


@pytest.mark.parametrize(
    ('identifier', 'cleaned'),
    [('rmw_fastrtps_cpp', True), *((identifier, False) for identifier in OTHERS)],
)
def test_shared_memory_is_cleaned_and_measured_only_for_fast_dds(
    on, monkeypatch, identifier, cleaned
):
    on(identifier)
    called = []
    monkeypatch.setattr(spin, 'TerminationSignals', lambda: None)
    monkeypatch.setattr(rclpy, 'init', lambda **_: None)
    monkeypatch.setattr(spin, 'remove_dead_segments', lambda: called.append('freed') or 0)
    monkeypatch.setattr(spin, 'shortage', lambda: called.append('measured') or '')
    spin.start_rclpy()
    assert called == (['freed', 'measured'] if cleaned else [])
