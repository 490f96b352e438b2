"""What the node tells of itself once a second."""

from __future__ import annotations

from collections.abc import Sequence

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node

from facemesh_ros.ros.health import Health

PERIOD_S = 1.0


class Diagnostics:
    """Publishes how each stream is doing until it is closed."""

    def __init__(self, node: Node, healths: Sequence[Health]) -> None:
        """Start to report."""
        self._node, self._healths = node, healths
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 1)
        self._timer = node.create_timer(PERIOD_S, self._report)

    def close(self) -> None:
        """Stop reporting."""
        self._node.destroy_timer(self._timer)
        self._node.destroy_publisher(self._publisher)

    def _report(self) -> None:
        report = DiagnosticArray(status=[health.report(PERIOD_S) for health in self._healths])
        report.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(report)
