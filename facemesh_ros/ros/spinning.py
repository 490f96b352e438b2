"""How the processes of this package wait for their end."""

from __future__ import annotations

import time

from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

GRACE_S = 0.5


def spin_until_told(node: Node) -> None:
    """Let a node work until a signal, or the node itself, shuts its context down."""
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    try:
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except Exception:
        # A signal in the middle of a callback makes rclpy fail on what it was just doing.
        if not _is_ending(node):
            raise
    finally:
        executor.shutdown()


def _is_ending(node: Node) -> bool:
    """Tell whether a signal has come; rclpy acts on it in a thread of its own, a moment later."""
    end_s = time.monotonic() + GRACE_S
    while node.context.ok() and time.monotonic() < end_s:
        time.sleep(0.01)
    return not node.context.ok()
