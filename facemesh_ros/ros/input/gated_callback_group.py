"""A callback group that can be closed."""

from __future__ import annotations

from typing import Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup


class GatedCallbackGroup(MutuallyExclusiveCallbackGroup):
    """While closed, the executor leaves the messages of its subscriptions in the middleware."""

    def __init__(self) -> None:
        """Closed."""
        super().__init__()
        self.is_open = False

    def can_execute(self, entity: Any) -> bool:
        """See `CallbackGroup.can_execute`."""
        return self.is_open and super().can_execute(entity)
