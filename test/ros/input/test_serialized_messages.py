"""Messages taken by rcl's own function are those that rclpy takes."""

from __future__ import annotations

import gc
import time

import numpy as np
import pytest
import rclpy
from rclpy.exceptions import InvalidHandle
from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from facemesh_ros.ros.input import serialized_messages
from facemesh_ros.ros.input.serialized_messages import SerializedMessages, TakeError
from facemesh_ros.ros.process.middleware import is_cyclone_dds
from test.ros.conftest import PATIENCE_S

QUALITY = QoSProfile(depth=10)


class Wire:
    """A publisher and two subscriptions without an executor."""

    def __init__(self, msg_type):
        self.node, self._type = rclpy.create_node('taker', namespace='/test_serialized'), msg_type
        self._publisher = self.node.create_publisher(msg_type, 'messages', QUALITY)
        self.ours, self._rclpys = (
            self.node.create_subscription(msg_type, 'messages', lambda _: None, QUALITY, raw=True)
            for _ in range(2)
        )
        self._messages = SerializedMessages(self.ours)
        self.until(lambda: self._publisher.get_subscription_count() == 2)

    def until(self, reached):
        end_s = time.monotonic() + PATIENCE_S
        while not (found := reached()):
            assert time.monotonic() < end_s
            time.sleep(0.005)
        return found

    def take_both(self, content):
        """Publish, and return what each of both takes."""
        self._publisher.publish(content)
        return (
            self.until(self._messages.take),
            self.until(lambda: self._rclpys.handle.take_message(self._type, True)),
        )

    def take(self):
        return self._messages.take()


@pytest.fixture
def wire(ros, request):
    wire = Wire(getattr(request, 'param', Image))
    yield wire
    wire.node.destroy_node()


IMAGE = Image(height=300, width=200, encoding='rgb8', step=600, data=bytes(range(250)) * 720)
MESSAGES = [IMAGE, CompressedImage(format='jpeg', data=b'x'), CameraInfo(d=[0.1] * 5)]


@pytest.mark.parametrize(
    ('wire', 'msg'), [(type(msg), msg) for msg in MESSAGES], indirect=['wire']
)
def test_it_is_what_rclpy_takes(wire, msg):
    for _ in range(3):
        ours, (cdr, info) = wire.take_both(msg)
        assert bytes(ours.cdr) == cdr
        assert deserialize_message(cdr, type(msg)) == msg
        assert ours.cdr.readonly
        assert ours.sequence_number == info.get(
            'publication_sequence_number', ours.sequence_number
        )
        if not is_cyclone_dds():  # which tells when it was taken
            assert abs(ours.received_s - info['received_timestamp'] / 1e9) < PATIENCE_S
    assert wire.take() is None


@pytest.mark.parametrize('content', [b'\x00\x01\x00\x00', b'\x00\x01\x00\x00' + bytes(4)])
def test_a_message_of_next_to_nothing_is_one(wire, content):
    ours, (cdr, _) = wire.take_both(content)
    assert bytes(ours.cdr) == cdr


def test_its_memory_is_given_back_with_the_last_view_of_it(wire, monkeypatch):
    freed, free = [], serialized_messages._free
    monkeypatch.setattr(serialized_messages, '_free', lambda it: freed.append(it) or free(it))
    ours, _ = wire.take_both(IMAGE)
    pixels = np.frombuffer(ours.cdr, np.uint8)[-1000:]
    del ours
    gc.collect()
    assert freed == []
    assert bytes(pixels) == bytes(IMAGE.data)[-1000:]
    del pixels
    assert len(freed) == 1


def test_a_destroyed_subscription_has_none(wire):
    wire.node.destroy_subscription(wire.ours)
    with pytest.raises(InvalidHandle):
        wire.take()


@pytest.mark.parametrize(('result', 'text'), [(1, 'cannot be taken'), (10, 'no memory')])
def test_what_fails_says_so(wire, monkeypatch, result, text):
    monkeypatch.setattr(wire._messages, '_take', lambda *_: result)
    with pytest.raises(TakeError, match=text):
        wire.take()
    monkeypatch.undo()
    assert wire.take() is None
