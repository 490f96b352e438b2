"""Messages that wait in the middleware until somebody asks for them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from rclpy.qos import QoSHistoryPolicy, QoSProfile
from rclpy.subscription import Subscription

from facemesh_ros.ros.input.gated_callback_group import GatedCallbackGroup
from facemesh_ros.ros.input.serialized_messages import SerializedMessage, SerializedMessages
from facemesh_ros.ros.input.topics import CameraTopics
from facemesh_ros.ros.qos import create_subscription

KEEP_LAST = QoSHistoryPolicy.KEEP_LAST


class Received(Protocol):
    """Something that came at a time, in seconds of the system's clock."""

    @property
    def received_s(self) -> float:
        """When it arrived."""


ReceivedT = TypeVar('ReceivedT', bound=Received)


class WaitingMessages:
    """Serialised messages of one topic, taken by the thread that needs them.

    The executor takes none: each would cost its thread time, of eight cameras most of it.
    """

    def __init__(
        self, topics: CameraTopics, msg_type: type, topic: str, profile: QoSProfile
    ) -> None:
        """Subscribe; raises TopicError if that is refused."""
        self._node = topics.node
        self._subscription = create_subscription(
            self._node,
            msg_type,
            topic,
            lambda _: None,
            profile,
            callback_group=GatedCallbackGroup(),
            raw=True,
        )
        self._messages = SerializedMessages(self._subscription)
        self._kept = most_kept(self._subscription)

    def take(self) -> Iterator[SerializedMessage]:
        """Take those that have come, the oldest first; see `SerializedMessages.take`."""
        return taken(self._messages.take, self._kept)

    def close(self) -> None:
        """Unsubscribe; nobody takes."""
        self._node.destroy_subscription(self._subscription)


def taken(take: Callable[[], ReceivedT | None], kept: int) -> Iterator[ReceivedT]:
    """Take what waits, the oldest first: of `kept` at most.

    What arrives meanwhile is left there: a publisher that is faster than its messages can be taken
    would keep the thread here for ever.
    """
    started_s = time.time()
    for _ in range(kept):
        if (message := take()) is None:
            return
        yield message
        if message.received_s >= started_s:
            return


def most_kept(subscription: Subscription) -> int:
    """Return how many messages the middleware keeps for a subscription at most."""
    qos = subscription.qos_profile
    return qos.depth if qos.history == KEEP_LAST else sys.maxsize
