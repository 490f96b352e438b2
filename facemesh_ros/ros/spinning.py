"""How the processes of this package wait for their end."""

from __future__ import annotations

from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node


def spin_until_told(node: Node) -> None:
    """Let a node work until a signal, or the node itself, shuts its context down."""
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    try:
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except Exception:
        # A signal in the middle of a callback makes rclpy fail on what it just shut down.
        if node.context.ok():
            raise
