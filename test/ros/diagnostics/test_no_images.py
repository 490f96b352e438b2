"""Why no image arrives, found among real publishers: each cause, with its own remedy."""

from __future__ import annotations

import time

import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from facemesh_ros.ros.diagnostics import no_images
from facemesh_ros.ros.diagnostics.duplicate_publishers import (
    MIN_REPORTS,
    MIN_REPORTS_AFTER_RESTART,
    DuplicatePublishers,
)
from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.ros.diagnostics.no_images import NoImages
from facemesh_ros.ros.input.arrivals import Arrival
from facemesh_ros.ros.input.newest_image_queue import NewestImageQueue
from facemesh_ros.ros.input.topics import CameraTopics
from facemesh_ros.ros.qos import IMAGES

PATIENCE_S = 20.0
RELIABLE = QoSProfile(depth=1, reliability=QoSReliabilityPolicy.RELIABLE)
LARGE_IMAGES = 'fastdds_large_images.xml'


class Graph:
    """A node that subscribes to images, and camera nodes."""

    def __init__(self, transport='raw', qos=IMAGES, remap=''):
        rules = ['--ros-args', '-r', remap] if remap else []
        self.node = rclpy.create_node('subscriber', namespace='/test', cli_args=rules)
        self.topics = CameraTopics(self.node, '', transport)
        self.queue = NewestImageQueue(ImageCounts())
        self.check = NoImages(self.topics, qos, self.queue)
        self._cameras, self._executor = [], SingleThreadedExecutor()
        self._executor.add_node(self.node)

    def camera(self, kind=Image, topic='image_raw', qos=RELIABLE, name='camera'):
        node = rclpy.create_node(name, namespace='/test')
        node.create_publisher(kind, topic, qos)
        self._cameras.append(node)
        return node

    def text(self):
        finding = self.check()
        return '' if finding is None else finding.text

    def wait_for(self, *parts):
        """Wait until the finding contains all these texts, and return it."""
        end_s = time.monotonic() + PATIENCE_S
        while not all(part in (text := self.text()) for part in parts):
            assert time.monotonic() < end_s, f'it says {text!r}'
            self._executor.spin_once(timeout_sec=0.05)
        return text

    def close(self):
        self._executor.shutdown()
        for node in [*self._cameras, self.node]:
            node.destroy_node()


@pytest.fixture
def graph(ros, monkeypatch):
    monkeypatch.setattr(no_images, 'TIMEOUT_S', 0.3)
    graphs = []

    def begin(**options):
        graphs.append(Graph(**options))
        return graphs[-1]

    yield begin
    for one in graphs:
        one.close()


def test_no_node_publishes(graph, monkeypatch):
    monkeypatch.setenv('ROS_DOMAIN_ID', '7')
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    text = graph().wait_for('no node publishes /test/image_raw')
    assert 'ROS_DOMAIN_ID=7, ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST' in text
    assert LARGE_IMAGES not in text


def test_the_remap_is_missing(graph):
    graph_ = graph()
    graph_.camera(topic='depth/depth_registered')
    graph_.camera(topic='color/image_raw', name='realsense')
    graph_.camera(kind=CompressedImage, topic='image_raw/compressed')
    graph_.wait_for(
        'no node publishes /test/image_raw',
        '/test/realsense publishes /test/color/image_raw',
        'image_raw:=/test/color/image_raw',
    )


def test_its_own_images_are_no_camera(graph):
    graph_ = graph()
    graph_.node.create_publisher(Image, '~/debug_image', 1)
    graph_.camera(topic='usb_cam/picture')
    graph_.wait_for('no node publishes', 'image_raw:=/test/usb_cam/picture')


@pytest.mark.parametrize(
    ('transport', 'kind', 'name', 'remedy'),
    [
        ('raw', CompressedImage, 'image_raw/compressed', 'set image_transport:=compressed'),
        ('compressed', Image, 'image_raw', 'set image_transport:=raw'),
    ],
)
def test_only_the_other_transport_is_there(graph, transport, kind, name, remedy):
    graph_ = graph(transport=transport)
    graph_.camera(kind=kind, topic=name)
    text = graph_.wait_for('no node publishes', f'publishes /test/{name}', remedy)
    assert 'remap' not in text


def test_the_topic_carries_another_type(graph):
    graph_ = graph(remap='image_raw:=/test/eye/compressed')
    graph_.camera(kind=CompressedImage, topic='eye/compressed')
    text = graph_.wait_for(
        '/test/camera publishes /test/eye/compressed as sensor_msgs/msg/CompressedImage',
        'image_transport:=compressed and the remap image_raw/compressed:=/test/eye/compressed',
    )
    assert LARGE_IMAGES not in text


def test_the_quality_of_service_is_incompatible(graph):
    graph_ = graph(qos=RELIABLE)
    graph_.camera(qos=IMAGES, name='best_effort_camera')
    text = graph_.wait_for(
        '/test/best_effort_camera',
        'incompatible',
        'Best effort publisher and reliable subscription',
        'qos_overrides./test/image_raw.subscription.*',
    )
    assert LARGE_IMAGES not in text


def test_no_image_has_arrived(graph, monkeypatch):
    monkeypatch.setattr(rclpy, 'get_rmw_implementation_identifier', lambda: 'rmw_fastrtps_cpp')
    graph_ = graph()
    graph_.camera()
    graph_.wait_for(
        '/test/camera publishes',
        'is the camera streaming?',
        LARGE_IMAGES,
        'qos_overrides./test/image_raw.subscription.reliability to reliable',
    )


def test_reliable_is_not_recommended_where_the_camera_is_not(graph):
    graph_ = graph()
    graph_.camera(qos=IMAGES)
    assert 'qos_overrides' not in graph_.wait_for('is the camera streaming?')


def test_the_camera_has_stopped_and_then_ended(graph):
    graph_ = graph()
    camera = graph_.camera()
    for number in range(3):
        graph_.queue.put(Arrival(b'', time.time(), number))
    assert not graph_.text()
    text = graph_.wait_for(
        'the last image on /test/image_raw arrived', 's ago; /test/camera still publishes it'
    )
    assert LARGE_IMAGES not in text
    camera.destroy_node()
    graph_.wait_for('the last image on', 'no node publishes it now')


def test_a_slow_camera_is_not_silent(graph, monkeypatch):
    graph_, now_s = graph(), [time.monotonic()]
    graph_.camera()
    monkeypatch.setattr(time, 'monotonic', lambda: now_s[0])
    for _ in range(4):
        now_s[0] += 20
        graph_.queue.put(Arrival(b'', 0.0))
    now_s[0] += 40
    assert not graph_.text()
    now_s[0] += 30
    assert 'arrived 70 s ago' in graph_.text()


def test_disabled(graph):
    graph_ = graph()
    graph_.queue.enable(False)
    graph_.wait_for('disabled by ~/enable')
    graph_.queue.enable(True)
    assert 'disabled' not in graph_.text()
    graph_.wait_for('publishes')


def duplicates(graph_, *numbers, qos=IMAGES):
    """The finding of each report; `numbers` arrive before them."""
    check, texts = DuplicatePublishers(graph_.topics, qos, graph_.queue.gaps), []
    for arrived in numbers:
        for number in arrived:
            graph_.queue.put(Arrival(b'', time.time(), number))
        finding = check()
        texts.append('' if finding is None else finding.text)
    return texts


def until_publishers(graph_, count):
    end_s = time.monotonic() + PATIENCE_S
    topic = graph_.topics.image_topic
    while len(graph_.node.get_publishers_info_by_topic(topic)) != count:
        assert time.monotonic() < end_s
        time.sleep(0.01)


def test_two_publishers_on_one_topic(graph):
    graph_ = graph()
    graph_.camera(name='left_camera')
    assert duplicates(graph_, *[[1]] * 40) == [''] * 40
    graph_.camera(name='right_camera')
    until_publishers(graph_, 2)
    texts = duplicates(graph_, *[[]] * MIN_REPORTS)
    assert texts[:-1] == [''] * (MIN_REPORTS - 1)
    assert '2 publishers on /test/image_raw' in texts[-1]
    assert '/test/left_camera, /test/right_camera' in texts[-1]


def test_a_camera_that_was_killed_and_restarted_is_no_second_one(graph):
    graph_ = graph()
    for name in ('killed', 'restarted'):
        graph_.camera(name=name)
    until_publishers(graph_, 2)
    restart = [[100, 101], [1, 2], *([number] for number in range(3, 23))]
    assert not any(duplicates(graph_, *restart))
    # Both its discovery and its first images came between two reports.
    assert not any(duplicates(graph_, [200, 1, 2], *([number] for number in range(3, 23))))
    mixed = [[100, 1], [101, 2], [102, 3], [103, 4]]
    assert duplicates(graph_, *mixed)[-1]
    assert duplicates(graph_, [104], [1], *[[]] * MIN_REPORTS_AFTER_RESTART)[-1]


def test_a_camera_that_restarts_again_and_again_is_no_second_one(graph):
    """Each leaves a publisher that is listed until its lease ends."""
    graph_ = graph()
    check = DuplicatePublishers(graph_.topics, IMAGES, graph_.queue.gaps)
    cameras = []
    for restart in range(3):
        cameras.append(graph_.camera(name=f'start{restart}'))
        until_publishers(graph_, restart + 1)
        for number in range(1, 6):
            graph_.queue.put(Arrival(b'', time.time(), number))
            assert check() is None
    cameras[0].destroy_node()
    until_publishers(graph_, 2)
    for number in range(6, 16):
        graph_.queue.put(Arrival(b'', time.time(), number))
        assert check() is None


def test_without_numbers_a_second_publisher_may_be_a_restart_until_the_lease_of_the_first_ends(
    graph,
):
    graph_ = graph()
    for name in ('killed', 'restarted'):
        graph_.camera(name=name)
    until_publishers(graph_, 2)
    texts = duplicates(graph_, *[[None]] * MIN_REPORTS_AFTER_RESTART)
    assert texts[:-1] == [''] * (MIN_REPORTS_AFTER_RESTART - 1)
    assert texts[-1]


def test_an_incompatible_publisher_is_no_second_one(graph):
    graph_ = graph()
    graph_.camera(name='left_camera')
    graph_.camera(qos=IMAGES, name='best_effort_camera')
    until_publishers(graph_, 2)
    assert not any(duplicates(graph_, *[[]] * 2 * MIN_REPORTS, qos=RELIABLE))
