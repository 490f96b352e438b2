"""Why no image comes, found among real publishers: each cause by its name, with its own cure."""

from __future__ import annotations

import time

import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from facemesh_ros.ros.diagnostics import no_images as silence
from facemesh_ros.ros.diagnostics.duplicate_publishers import (
    PATIENCE,
    PATIENCE_WITH_A_RESTART,
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


class Field:
    """A node that wants images, and cameras of other nodes."""

    def __init__(self, transport='raw', wanted=IMAGES, remap=''):
        rules = ['--ros-args', '-r', remap] if remap else []
        self.node = rclpy.create_node('wants', namespace='/silence', cli_args=rules)
        self.source, self.inbox = (
            CameraTopics(self.node, '', transport),
            NewestImageQueue(ImageCounts()),
        )
        self.why = NoImages(self.source, wanted, self.inbox)
        self._cameras, self._executor = [], SingleThreadedExecutor()
        self._executor.add_node(self.node)

    def camera(self, kind=Image, topic='image_raw', qos=RELIABLE, name='camera'):
        node = rclpy.create_node(name, namespace='/silence')
        node.create_publisher(kind, topic, qos)
        self._cameras.append(node)
        return node

    def text(self):
        finding = self.why()
        return '' if finding is None else finding.text

    def comes_to_say(self, *parts):
        """Wait until the reason holds all these words, and return it."""
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
def field(ros, monkeypatch):
    monkeypatch.setattr(silence, 'SILENCE_S', 0.3)
    fields = []

    def begin(**options):
        fields.append(Field(**options))
        return fields[-1]

    yield begin
    for one in fields:
        one.close()


def test_nobody_publishes(field, monkeypatch):
    monkeypatch.setenv('ROS_DOMAIN_ID', '7')
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    text = field().comes_to_say('nobody publishes /silence/image_raw')
    assert 'ROS_DOMAIN_ID=7, ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST' in text
    assert LARGE_IMAGES not in text


def test_the_remap_is_missing(field):
    field_ = field()
    field_.camera(topic='depth/depth_registered')
    field_.camera(topic='color/image_raw', name='realsense')
    field_.camera(kind=CompressedImage, topic='image_raw/compressed')
    field_.comes_to_say(
        'nobody publishes /silence/image_raw',
        '/silence/realsense publishes /silence/color/image_raw',
        'image_raw:=/silence/color/image_raw',
    )


def test_our_own_images_are_no_camera(field):
    field_ = field()
    field_.node.create_publisher(Image, '~/debug_image', 1)
    field_.camera(topic='usb_cam/picture')
    field_.comes_to_say('nobody publishes', 'image_raw:=/silence/usb_cam/picture')


@pytest.mark.parametrize(
    ('transport', 'kind', 'name', 'cure'),
    [
        ('raw', CompressedImage, 'image_raw/compressed', 'set image_transport:=compressed'),
        ('compressed', Image, 'image_raw', 'set image_transport:=raw'),
    ],
)
def test_only_the_other_transport_is_there(field, transport, kind, name, cure):
    field_ = field(transport=transport)
    field_.camera(kind=kind, topic=name)
    text = field_.comes_to_say('nobody publishes', f'publishes /silence/{name}', cure)
    assert 'remap' not in text


def test_the_topic_carries_another_type(field):
    field_ = field(remap='image_raw:=/silence/eye/compressed')
    field_.camera(kind=CompressedImage, topic='eye/compressed')
    text = field_.comes_to_say(
        '/silence/camera publishes /silence/eye/compressed as sensor_msgs/msg/CompressedImage',
        'image_transport:=compressed and the remap image_raw/compressed:=/silence/eye/compressed',
    )
    assert LARGE_IMAGES not in text


def test_the_quality_of_service_is_incompatible(field):
    field_ = field(wanted=RELIABLE)
    field_.camera(qos=IMAGES, name='best_effort_camera')
    text = field_.comes_to_say(
        '/silence/best_effort_camera',
        'incompatible',
        'Best effort publisher and reliable subscription',
        'qos_overrides./silence/image_raw.subscription.*',
    )
    assert LARGE_IMAGES not in text


def test_no_image_has_arrived(field):
    field_ = field()
    field_.camera()
    field_.comes_to_say(
        '/silence/camera publishes',
        'is the camera streaming?',
        LARGE_IMAGES,
        'qos_overrides./silence/image_raw.subscription.reliability to reliable',
    )


def test_reliable_is_no_advice_where_the_camera_is_not(field):
    field_ = field()
    field_.camera(qos=IMAGES)
    assert 'qos_overrides' not in field_.comes_to_say('is the camera streaming?')


def test_the_camera_has_stopped_and_then_ended(field):
    field_ = field()
    camera = field_.camera()
    for number in range(3):
        field_.inbox.put(Arrival(b'', time.time(), number))
    assert not field_.text()
    text = field_.comes_to_say('came until', 's ago; /silence/camera still publishes it')
    assert LARGE_IMAGES not in text
    camera.destroy_node()
    field_.comes_to_say('came until', 'now nobody publishes it')


def test_a_slow_camera_is_not_silent(field, monkeypatch):
    field_, now_s = field(), [time.monotonic()]
    field_.camera()
    monkeypatch.setattr(time, 'monotonic', lambda: now_s[0])
    for _ in range(4):
        now_s[0] += 20
        field_.inbox.put(Arrival(b'', 0.0))
    now_s[0] += 40
    assert not field_.text()
    now_s[0] += 30
    assert 'came until 70 s ago' in field_.text()


def test_disabled(field):
    field_ = field()
    field_.inbox.enable(False)
    field_.comes_to_say('disabled by ~/enable')
    field_.inbox.enable(True)
    assert 'disabled' not in field_.text()
    field_.comes_to_say('publishes')


def shared(field_, *numbers, wanted=IMAGES):
    """What is said of several publishers: `numbers` arrive from report to report."""
    check, told = DuplicatePublishers(field_.source, wanted, field_.inbox.continuity), []
    for arrived in numbers:
        for number in arrived:
            field_.inbox.put(Arrival(b'', time.time(), number))
        finding = check()
        told.append('' if finding is None else finding.text)
    return told


def until_publishers(field_, count):
    end_s = time.monotonic() + PATIENCE_S
    topic = field_.source.image_topic
    while len(field_.node.get_publishers_info_by_topic(topic)) < count:
        assert time.monotonic() < end_s
        time.sleep(0.01)


def test_two_publishers_on_one_topic(field):
    field_ = field()
    field_.camera(name='left_camera')
    assert shared(field_, *[[1]] * 40) == [''] * 40
    field_.camera(name='right_camera')
    until_publishers(field_, 2)
    told = shared(field_, *[[]] * PATIENCE)
    assert told[:-1] == [''] * (PATIENCE - 1)
    assert '2 publishers on /silence/image_raw' in told[-1]
    assert '/silence/left_camera, /silence/right_camera' in told[-1]


def test_a_camera_that_was_killed_and_started_anew_is_no_second_one(field):
    field_ = field()
    for name in ('killed', 'anew'):
        field_.camera(name=name)
    until_publishers(field_, 2)
    restart = [[100, 101], [1, 2], *([number] for number in range(3, 23))]
    assert not any(shared(field_, *restart))
    mixed = [[100, 1], [101, 2], [102, 3], [103, 4]]
    assert shared(field_, *mixed)[-1]
    assert shared(field_, [104], [1], *[[]] * PATIENCE_WITH_A_RESTART)[-1]


def test_who_cannot_be_heard_is_no_second_publisher(field):
    field_ = field()
    field_.camera(name='left_camera')
    field_.camera(qos=IMAGES, name='best_effort_camera')
    until_publishers(field_, 2)
    assert not any(shared(field_, *[[]] * 2 * PATIENCE, wanted=RELIABLE))
