"""The subscription to a camera's images, which can be left in the middleware."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription

from facemesh_ros.ros.input.arrivals import Arrival
from facemesh_ros.ros.input.message_lost import loss_count
from facemesh_ros.ros.input.topics import CameraTopics
from facemesh_ros.ros.qos import IMAGES, create_subscription

# Humble does not tell who sent which message, and when it came.
TELLS_MORE = hasattr(Subscription, 'CallbackType')
NS_PER_S = 1e9


class ImageSubscription:
    """The serialised images of a source: delivered by the executor, or taken one by one.

    With a history of one, which is the default, the middleware itself replaces what is left.
    """

    def __init__(self, source: CameraTopics, put: Callable[[Arrival[bytes]], None]) -> None:
        """Subscribe; `put` gets each image that is delivered."""
        self._node, self._kind, self._put = source.node, source.image_kind, put
        self._gate = _Gate()
        self._subscription = create_subscription(
            self._node,
            self._kind,
            source.image_topic,
            self._on_image if TELLS_MORE else self._on_bare_image,
            IMAGES,
            callback_group=self._gate,
            raw=True,
        )
        self._losses = loss_count(self._subscription)

    @property
    def qos(self) -> QoSProfile:
        """The quality of service, with what the user has overridden."""
        return self._subscription.qos_profile

    def deliver(self, wanted: bool) -> None:
        """See `Supply.deliver`."""
        self._gate.is_open = wanted
        if wanted and (executor := self._node.executor) is not None:
            executor.wake()  # it waits without this subscription

    def take(self) -> Arrival[bytes] | None:
        """See `Supply.take`; only while nothing is delivered."""
        handle = self._subscription.handle
        with handle:  # nobody destroys it meanwhile
            taken = handle.take_message(self._kind, True)
        return None if taken is None else self._arrival(*taken)

    def destroy(self) -> None:
        """Unsubscribe."""
        if self._losses:
            self._losses.destroy()
        self._node.destroy_subscription(self._subscription)
        del self._subscription  # which holds this by its callback

    def _on_image(self, content: bytes, info: Mapping[str, Any]) -> None:
        self._put(self._arrival(content, info))

    def _on_bare_image(self, content: bytes) -> None:
        self._put(self._arrival(content, {}))

    def _arrival(self, content: bytes, info: Mapping[str, Any]) -> Arrival[bytes]:
        """Return a message with what the middleware says of it, as far as it does."""
        received_ns = info.get('received_timestamp') or time.time_ns()
        number = info.get('publication_sequence_number')
        lost = self._losses.total() if self._losses else None
        return Arrival(content, received_ns / NS_PER_S, number, lost)


class _Gate(MutuallyExclusiveCallbackGroup):
    """Keeps an executor from taking messages."""

    def __init__(self) -> None:
        super().__init__()
        self.is_open = True

    def can_execute(self, entity: Any) -> bool:
        return self.is_open and super().can_execute(entity)
