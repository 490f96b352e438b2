"""The subscription to a camera's images, with a gated callback group."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription

from facemesh_ros.ros.input.arrivals import Arrival
from facemesh_ros.ros.input.topics import CameraTopics
from facemesh_ros.ros.qos import IMAGES, create_subscription

try:
    from rclpy.event_handler import (
        EventHandler,
        QoSSubscriptionEventType,
        UnsupportedEventTypeError,
    )
except ImportError:  # Humble
    from rclpy.qos_event import QoSEventHandler as EventHandler
    from rclpy.qos_event import QoSSubscriptionEventType, UnsupportedEventTypeError

# Humble passes no sequence number and no time of arrival.
HAS_MESSAGE_INFO = hasattr(Subscription, 'CallbackType')
NS_PER_S = 1e9
# No message waits longer in the middleware.
MAX_WAIT_NS = 3600 * 10**9


class ImageSubscription:
    """Serialised images of one camera: delivered by the executor, or taken one by one.

    With a history depth of 1, the default, the middleware replaces older images by newer ones.
    """

    def __init__(self, topics: CameraTopics, put: Callable[[Arrival[bytes]], None]) -> None:
        """Subscribe; `put` is called with each image that is delivered."""
        self._node, self._msg_type, self._put = topics.node, topics.image_msg_type, put
        self._gate = GatedCallbackGroup()
        self._subscription = create_subscription(
            self._node,
            self._msg_type,
            topics.image_topic,
            self._on_image if HAS_MESSAGE_INFO else self._on_image_without_info,
            IMAGES,
            callback_group=self._gate,
            raw=True,
        )
        self._lost: LostMessageCount | None = None
        with suppress(UnsupportedEventTypeError):
            self._lost = LostMessageCount(self._subscription)

    @property
    def qos(self) -> QoSProfile:
        """Quality of service, after the user's overrides."""
        return self._subscription.qos_profile

    def set_open(self, is_open: bool) -> None:
        """See `GatedSource.set_open`."""
        self._gate.is_open = is_open
        if is_open and (executor := self._node.executor) is not None:
            executor.wake()  # its wait set lacks this subscription

    def take(self) -> Arrival[bytes] | None:
        """See `GatedSource.take`."""
        handle = self._subscription.handle
        with handle:  # keeps it from being destroyed meanwhile
            taken = handle.take_message(self._msg_type, True)
        return None if taken is None else self._arrival(*taken)

    def destroy(self) -> None:
        """Unsubscribe."""
        if self._lost:
            self._lost.destroy()
        self._node.destroy_subscription(self._subscription)
        del self._subscription  # which refers to this by its callback

    def _on_image(self, cdr: bytes, info: Mapping[str, Any]) -> None:
        self._put(self._arrival(cdr, info))

    def _on_image_without_info(self, cdr: bytes) -> None:
        self._put(self._arrival(cdr, {}))

    def _arrival(self, cdr: bytes, info: Mapping[str, Any]) -> Arrival[bytes]:
        """Return a serialised message with what the middleware reports of it."""
        lost_total = self._lost.total() if self._lost else None
        # Zero is none: publishers count from one, and Zenoh puts zero for a number it cannot read.
        number = info.get('publication_sequence_number') or None
        return Arrival(cdr, _received_ns(info) / NS_PER_S, number, lost_total)


def _received_ns(info: Mapping[str, Any]) -> int:
    """Return when a message arrived, by the system's clock.

    It is now where the middleware does not say it, or by a clock of its own: Connext can leave it
    zero, and the first releases of Zenoh put seconds and their fractions into 32 bits each.
    """
    now_ns = time.time_ns()
    received_ns: int = info.get('received_timestamp') or now_ns
    return received_ns if 0 <= now_ns - received_ns < MAX_WAIT_NS else now_ns


class GatedCallbackGroup(MutuallyExclusiveCallbackGroup):
    """While closed, the executor leaves the messages of its subscriptions in the middleware."""

    def __init__(self) -> None:
        super().__init__()
        self.is_open = True

    def can_execute(self, entity: Any) -> bool:
        """See `CallbackGroup.can_execute`."""
        return self.is_open and super().can_execute(entity)


class LostMessageCount(EventHandler):  # type: ignore[misc]
    """Messages that a subscription has lost, as the middleware reports them.

    It is polled when a message is taken, and no executor waits for it: losses between two messages
    must be known before the second one is counted.
    """

    def __init__(self, subscription: Subscription) -> None:
        """Count from now on; raises UnsupportedEventTypeError where the middleware does not."""
        super().__init__(
            callback_group=MutuallyExclusiveCallbackGroup(),
            callback=lambda _: None,
            event_type=QoSSubscriptionEventType.RCL_SUBSCRIPTION_MESSAGE_LOST,
            parent_impl=subscription.handle,
        )
        self._total: int = 0

    def total(self) -> int:
        """Return the messages lost since this was made."""
        with suppress(RuntimeError):  # of rcl: Zenoh has it where nothing was lost since
            while (total := self._taken_total()) > self._total:
                self._total = total
        return self._total

    def _taken_total(self) -> int:
        """Return the total of the oldest report; Zenoh queues one for each loss, others one."""
        self._ready_to_take_data = True
        status = self.take_data()
        return self._total if status is None else status.total_count
