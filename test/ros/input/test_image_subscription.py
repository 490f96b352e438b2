"""Images over real DDS that are delivered, or left there until somebody takes the newest."""

from __future__ import annotations

import time

import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Image

from facemesh_ros.ros.input.arrivals import Arrival
from facemesh_ros.ros.input.image_subscription import TELLS_MORE, ImageSubscription
from facemesh_ros.ros.input.topics import CameraTopics
from facemesh_ros.ros.qos import IMAGES

pytestmark = pytest.mark.skipif(not TELLS_MORE, reason='Humble delivers all')

PATIENCE_S = 10.0
SIDE = 200


class Wire:
    """A publisher, an intake, and an executor that spins when it is told to."""

    def __init__(self):
        self.node = rclpy.create_node('intake', namespace='/test_intake')
        self.put: list[Arrival[bytes]] = []
        self.intake = ImageSubscription(CameraTopics(self.node, 'eye', 'raw'), self.put.append)
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
        self.intake.destroy()
        self._executor.shutdown()
        self.node.destroy_node()


@pytest.fixture
def wire(ros):
    wire = Wire()
    yield wire
    wire.close()


def value(arrival: Arrival[bytes]) -> int:
    return int(deserialize_message(arrival.item, Image).data[0])


def test_what_is_left_is_replaced_by_newer_ones_and_counted(wire):
    wire.send(1)
    wire.until(lambda: wire.put)
    wire.intake.deliver(False)
    for number in range(2, 8):
        wire.send(number)
        time.sleep(0.02)
    wire.spin()
    assert [value(arrival) for arrival in wire.put] == [1]
    left = wire.intake.take()
    assert value(left) == 7
    assert left.number - wire.put[0].number == 6
    assert left.lost == 0  # they have arrived
    assert wire.intake.take() is None


def test_who_wants_images_again_gets_the_one_that_was_left_and_those_after_it(wire):
    wire.intake.deliver(False)
    for number in (1, 2, 3):
        wire.send(number)
        time.sleep(0.02)
    wire.spin()
    assert not wire.put
    wire.intake.deliver(True)
    wire.until(lambda: wire.put)
    wire.send(4)
    wire.until(lambda: len(wire.put) == 2)
    assert [value(arrival) for arrival in wire.put] == [3, 4]


def test_it_knows_when_an_image_came_however_late_it_is_taken(wire):
    wire.intake.deliver(False)
    sent_s = time.time()
    wire.send(1)
    time.sleep(0.3)
    assert 0 <= wire.intake.take().at_s - sent_s < 0.25
