"""What the node tells of itself once a second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node

PERIOD_S = 1.0


class Reporter(Protocol):
    """Says how a stream is doing."""

    def report(self, period_s: float) -> DiagnosticStatus:
        """Return how it has been doing for so long."""


class Diagnostics:
    """Publishes how each stream is doing until it is closed."""

    def __init__(self, node: Node, streams: Sequence[Reporter]) -> None:
        """Start to report."""
        self._node, self._streams = node, streams
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 1)
        self._timer = node.create_timer(PERIOD_S, self._report)

    def close(self) -> None:
        """Stop reporting."""
        self._node.destroy_timer(self._timer)
        self._node.destroy_publisher(self._publisher)
        del self._timer  # which holds this, and all that it reports on, by its callback

    def _report(self) -> None:
        report = DiagnosticArray(status=[stream.report(PERIOD_S) for stream in self._streams])
        report.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(report)
