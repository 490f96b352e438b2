"""What the node tells of itself once a second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.node import Node

from facemesh_ros.ros.diagnostics.finding import Finding
from facemesh_ros.ros.diagnostics.log_throttle import LogThrottle
from facemesh_ros.ros.diagnostics.sim_time import SimTime

PERIOD_S = 1.0
LAST_WORD = Duration(seconds=1)


class Reporter(Protocol):
    """Says how a stream is doing."""

    def report(self, period_s: float) -> DiagnosticStatus:
        """Return how it has been doing for so long."""


class Diagnostics:
    """Publishes how each stream is doing until it is closed."""

    def __init__(self, node: Node, streams: Sequence[Reporter]) -> None:
        """Start to report, by a clock that runs whatever becomes of /clock."""
        self._node, self._streams = node, streams
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 1)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(PERIOD_S, self._report, clock=steady)
        self._sim_time, self._throttle = SimTime(node), LogThrottle()
        self._last: Sequence[DiagnosticStatus] = ()

    def close(self) -> None:
        """Say that there will be no more reports, and stop."""
        self._node.destroy_timer(self._timer)
        for status in self._last:
            status.level, status.message = DiagnosticStatus.STALE, 'inactive: no images are taken'
        if self._last:  # else there was none to take back
            self._publish(self._last)
            # What nobody has acknowledged yet goes with its publisher.
            self._publisher.wait_for_all_acked(LAST_WORD)
        self._node.destroy_publisher(self._publisher)
        del self._timer  # which holds this, and all that it reports on, by its callback

    def _report(self) -> None:
        self._last = [stream.report(PERIOD_S) for stream in self._streams]
        if finding := self._sim_time():
            self._tell(finding)
        self._publish(self._last)

    def _tell(self, finding: Finding) -> None:
        """Tell what concerns all streams: in the log once for all of them."""
        if self._throttle.is_due(finding.kind, finding.every_s):
            self._node.get_logger().warning(finding.text)
        for status in self._last:
            status.level = max(status.level, finding.level)
            status.message = f'{status.message}; {finding.text}'

    def _publish(self, statuses: Sequence[DiagnosticStatus]) -> None:
        report = DiagnosticArray(status=statuses)
        report.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(report)
