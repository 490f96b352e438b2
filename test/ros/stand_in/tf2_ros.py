"""Stands in for tf2_ros, which is not among the wheels: its names, over the real topics.

It knows the transform of a child to its own parent only, the last one told; a test that runs where
tf2_ros is installed uses that.
"""

from __future__ import annotations

from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSDurabilityPolicy, QoSProfile
from rclpy.time import Time
from tf2_msgs.msg import TFMessage


class TransformException(Exception):  # noqa: N818  its name there
    pass


class LookupException(TransformException):
    pass


class ExtrapolationException(TransformException):
    pass


class Buffer:
    def __init__(self) -> None:
        self.known: dict[tuple[str, str], Any] = {}
        self.fixed: set[tuple[str, str]] = set()

    def lookup_transform(self, target_frame: str, source_frame: str, time: Time) -> Any:
        key = target_frame, source_frame
        if key not in self.known:
            raise LookupException(f'"{target_frame}" passed to lookupTransform does not exist')
        stamped = self.known[key]
        latest_ns = Time.from_msg(stamped.header.stamp).nanoseconds
        if key not in self.fixed and time.nanoseconds > latest_ns:
            raise ExtrapolationException('Lookup would require extrapolation into the future')
        return stamped


class TransformListener:
    def __init__(self, buffer: Buffer, node: Node) -> None:
        self._node, self._buffer = node, buffer
        latched = QoSProfile(depth=100, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)
        self._subscriptions = [
            node.create_subscription(TFMessage, '/tf', self._add, 100),
            node.create_subscription(TFMessage, '/tf_static', self._add_fixed, latched),
        ]

    def unregister(self) -> None:
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)

    def _add(self, msg: TFMessage) -> list[tuple[str, str]]:
        added = {(one.header.frame_id, one.child_frame_id): one for one in msg.transforms}
        self._buffer.known.update(added)
        return list(added)

    def _add_fixed(self, msg: TFMessage) -> None:
        self._buffer.fixed.update(self._add(msg))
