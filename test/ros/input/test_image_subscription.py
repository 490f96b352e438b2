"""Images over real DDS: delivered, or left there until the newest is taken."""

from __future__ import annotations

import time
from threading import Thread

import numpy as np
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Image

from facemesh_ros.ros.input.arrivals import Arrival
from facemesh_ros.ros.input.image_subscription import HAS_MESSAGE_INFO, ImageSubscription
from facemesh_ros.ros.input.topics import CameraTopics
from facemesh_ros.ros.process.middleware import is_cyclone_dds
from facemesh_ros.ros.qos import IMAGES

pytestmark = pytest.mark.skipif(not HAS_MESSAGE_INFO, reason='Humble passes no sequence numbers')

PATIENCE_S = 10.0
SIDE = 200


class Wire:
    """A publisher, a subscription, and an executor."""

    def __init__(self):
        self.node = rclpy.create_node('subscriber', namespace='/test_images')
        self.put: list[Arrival[memoryview]] = []
        self.subscription = ImageSubscription(
            CameraTopics(self.node, 'eye', 'raw'), self.put.append
        )
        self._publisher = self.node.create_publisher(Image, 'eye/image_raw', IMAGES)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self.until(self._publisher.get_subscription_count)

    def send(self, value):
        msg = Image(height=SIDE, width=SIDE, encoding='mono8', step=SIDE)
        msg.data = bytes([value]) * SIDE**2
        self._publisher.publish(msg)

    def until(self, reached):
        end_s = time.monotonic() + PATIENCE_S
        while not reached():
            assert time.monotonic() < end_s
            self._executor.spin_once(timeout_sec=0.01)

    def spin(self, seconds=0.2):
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            self._executor.spin_once(timeout_sec=0.01)

    def close(self):
        self.subscription.destroy()
        self._executor.shutdown()
        self.node.destroy_node()


@pytest.fixture
def wire(ros):
    wire = Wire()
    yield wire
    wire.close()


def value(arrival: Arrival[memoryview]) -> int:
    return int(deserialize_message(bytes(arrival.item), Image).data[0])


def test_with_the_gate_closed_newer_images_replace_older_ones_and_are_counted(wire):
    wire.subscription.set_open(True)
    wire.send(1)
    wire.until(lambda: wire.put)
    wire.subscription.set_open(False)
    for number in range(2, 8):
        wire.send(number)
        time.sleep(0.02)
    wire.spin()
    assert [value(arrival) for arrival in wire.put] == [1]
    left = wire.subscription.take()
    assert value(left) == 7
    if left.sequence_number is not None:  # Cyclone DDS has no numbers
        assert left.sequence_number - wire.put[0].sequence_number == 6
    assert left.lost_total == 0  # they have arrived
    assert wire.subscription.take() is None


def test_with_the_gate_opened_again_the_image_left_is_delivered_and_those_after_it(wire):
    for number in (1, 2, 3):
        wire.send(number)
        time.sleep(0.02)
    wire.spin()
    assert not wire.put
    wire.subscription.set_open(True)
    wire.until(lambda: wire.put)
    wire.send(4)
    wire.until(lambda: len(wire.put) == 2)
    assert [value(arrival) for arrival in wire.put] == [3, 4]


def test_the_time_of_arrival_is_known_however_late_an_image_is_taken(wire):
    if is_cyclone_dds():
        pytest.skip('Cyclone DDS tells when an image was taken, not when it arrived')
    sent_s = time.time()
    wire.send(1)
    time.sleep(0.3)
    assert 0 <= wire.subscription.take().received_s - sent_s < 0.25


def test_whoever_waits_for_an_image_gets_it_without_the_executor(wire):
    waited = []
    worker = Thread(target=lambda: waited.append(wire.subscription.wait()))
    worker.start()
    wire.send(1)
    worker.join(PATIENCE_S)
    assert waited == [True]
    assert value(wire.subscription.take()) == 1


def test_whoever_waits_is_woken_whether_before_or_meanwhile(wire):
    wire.subscription.wake()
    assert not wire.subscription.wait()
    waited = []
    worker = Thread(target=lambda: waited.append(wire.subscription.wait()))
    worker.start()
    time.sleep(0.05)
    wire.subscription.wake()
    worker.join(PATIENCE_S)
    assert waited == [False]


def test_an_image_lives_as_long_as_a_view_of_it(wire):
    kept = []
    for number in range(1, 30):
        wire.send(number)
        assert wire.subscription.wait()
        cdr = wire.subscription.take().item
        kept.append(np.frombuffer(cdr, np.uint8)[-(SIDE**2) :])
        assert not kept[-1].flags.writeable
    del cdr
    assert all(np.all(pixels == number) for number, pixels in enumerate(kept, 1))
