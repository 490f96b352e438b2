"""The subscription to a camera's images, with a gated callback group."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.context import Context
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription

from facemesh_ros.ros.input.arrivals import Arrival
from facemesh_ros.ros.input.gated_callback_group import GatedCallbackGroup
from facemesh_ros.ros.input.serialized_messages import SerializedMessages, believable_s
from facemesh_ros.ros.input.topics import CameraTopics
from facemesh_ros.ros.input.waiting_messages import most_kept
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
FOREVER_NS = -1


class ImageSubscription:
    """Serialised images of one camera: taken one by one, or delivered by the executor.

    With a history depth of 1, the default, the middleware replaces older images by newer ones.
    """

    def __init__(self, topics: CameraTopics, put: Callable[[Arrival[memoryview]], None]) -> None:
        """Subscribe, with the gate closed; `put` is called with each image that is delivered."""
        self._node, self._put = topics.node, put
        self._gate = GatedCallbackGroup()
        self._subscription = create_subscription(
            self._node,
            topics.image_msg_type,
            topics.image_topic,
            self._on_image if HAS_MESSAGE_INFO else self._on_image_without_info,
            IMAGES,
            callback_group=self._gate,
            raw=True,
        )
        self._messages = SerializedMessages(self._subscription)
        self._kept = most_kept(self._subscription)
        self._wait = MessageWait(self._subscription, self._node.context)
        self._lost: LostMessageCount | None = None
        with suppress(UnsupportedEventTypeError):
            self._lost = LostMessageCount(self._subscription)

    @property
    def qos(self) -> QoSProfile:
        """Quality of service, after the user's overrides."""
        return self._subscription.qos_profile

    @property
    def kept(self) -> int:
        """See `GatedSource.kept`."""
        return self._kept

    def set_open(self, is_open: bool) -> None:
        """See `GatedSource.set_open`."""
        self._gate.is_open = is_open
        if is_open and (executor := self._node.executor) is not None:
            executor.wake()  # its wait set lacks this subscription

    def wait(self) -> bool:
        """See `GatedSource.wait`."""
        return self._wait.wait()

    def wake(self) -> None:
        """See `GatedSource.wake`."""
        self._wait.wake()

    def take(self) -> Arrival[memoryview] | None:
        """See `GatedSource.take`."""
        taken = self._messages.take()
        if taken is None:
            return None
        return self._arrival(taken.cdr, taken.received_s, taken.sequence_number)

    def destroy(self) -> None:
        """Unsubscribe; nobody waits."""
        if self._lost:
            self._lost.destroy()
        self._wait.destroy()
        self._node.destroy_subscription(self._subscription)
        del self._subscription  # which refers to this by its callback

    def _on_image(self, cdr: bytes, info: Mapping[str, Any]) -> None:
        received_s = believable_s(info.get('received_timestamp') or 0)
        self._put(self._arrival(memoryview(cdr), received_s, info['publication_sequence_number']))

    def _on_image_without_info(self, cdr: bytes) -> None:
        self._put(self._arrival(memoryview(cdr), believable_s(0), None))

    def _arrival(
        self, cdr: memoryview, received_s: float, number: int | None
    ) -> Arrival[memoryview]:
        """Return a serialised message with what the middleware reports of it."""
        lost_total = self._lost.total() if self._lost else None
        # Zero is none: publishers count from one, and Zenoh puts zero for a number it cannot read.
        return Arrival(cdr, received_s, number or None, lost_total)


class MessageWait:
    """Waits for messages of one subscription outside of the executor, which must not meanwhile."""

    def __init__(self, subscription: Subscription, context: Context) -> None:
        self._subscription, self._context = subscription.handle, context.handle
        with self._context:
            self._woken = _rclpy.GuardCondition(self._context)
            self._waiting = _rclpy.WaitSet(1, 1, 0, 0, 0, 0, self._context)

    def wait(self) -> bool:
        """Wait until there is a message; False if `wake` came before."""
        waiting = self._waiting
        with self._context, self._subscription, self._woken, waiting:
            waiting.clear_entities()
            index = waiting.add_subscription(self._subscription)
            waiting.add_guard_condition(self._woken)
            waiting.wait(FOREVER_NS)
            return bool(waiting.is_ready('subscription', index))

    def wake(self) -> None:
        """End a `wait`, or the next one."""
        with self._woken:
            self._woken.trigger_guard_condition()

    def destroy(self) -> None:
        """Free what it waits with; nobody waits."""
        self._waiting.destroy_when_not_in_use()
        self._woken.destroy_when_not_in_use()


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
