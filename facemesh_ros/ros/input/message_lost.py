"""How many images the middleware knows to have been lost on the way."""

from __future__ import annotations

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.subscription import Subscription

try:
    from rclpy.event_handler import (
        EventHandler,
        QoSSubscriptionEventType,
        UnsupportedEventTypeError,
    )
except ImportError:  # Humble
    from rclpy.qos_event import QoSEventHandler as EventHandler
    from rclpy.qos_event import QoSSubscriptionEventType, UnsupportedEventTypeError


class LostMessageCount(EventHandler):  # type: ignore[misc]
    """The messages that a subscription knows to have missed, of each publisher by itself.

    It is asked whenever a message is taken, and no executor waits for it: what is lost between
    two messages must be known before the second of them is counted.
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
        """Return how many messages were lost since there is this object."""
        self._ready_to_take_data = True
        status = self.take_data()
        if status is not None:
            self._total = status.total_count
        return self._total


def loss_count(subscription: Subscription) -> LostMessageCount | None:
    """Return what counts the losses of a subscription; None where the middleware does not tell."""
    try:
        return LostMessageCount(subscription)
    except UnsupportedEventTypeError:
        return None
