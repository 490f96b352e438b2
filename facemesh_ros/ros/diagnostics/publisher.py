"""Publishes the diagnostics of all streams once a second."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.node import Node

from facemesh_ros.ros.diagnostics.finding import LogThrottle
from facemesh_ros.ros.diagnostics.same_name import SameName
from facemesh_ros.ros.diagnostics.sim_time import SimTime

PERIOD_S = 1.0
ACKNOWLEDGE_TIMEOUT = Duration(seconds=1)


class Diagnostics:
    """Publishes the status of each stream until it is closed.

    A timer on the steady clock calls `reports` with the period in s, whatever becomes of /clock.
    """

    def __init__(self, node: Node, reports: Sequence[Callable[[float], DiagnosticStatus]]) -> None:
        self._node, self._reports = node, reports
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 1)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(PERIOD_S, self._report, clock=steady)
        self._checks, self._throttle = (SimTime(node), SameName(node)), LogThrottle()
        self._last: Sequence[DiagnosticStatus] = ()

    def close(self) -> None:
        """Publish that the streams are inactive, and stop."""
        self._node.destroy_timer(self._timer)
        for status in self._last:
            status.level, status.message = DiagnosticStatus.STALE, 'inactive: no images are taken'
        if self._last:  # else there is nothing to take back
            self._publish(self._last)
            # Messages that are not acknowledged yet are lost with their publisher.
            self._publisher.wait_for_all_acked(ACKNOWLEDGE_TIMEOUT)
        self._node.destroy_publisher(self._publisher)
        del self._timer  # which refers to this, and to the streams, by its callback

    def _report(self) -> None:
        self._last = [report(PERIOD_S) for report in self._reports]
        for finding in filter(None, [check() for check in self._checks]):
            # It concerns all streams, so it is logged once for all.
            if self._throttle.is_due(finding.kind, finding.log_period_s):
                self._node.get_logger().warning(finding.text)
            for status in self._last:
                status.level = max(status.level, finding.level)
                status.message = f'{status.message}; {finding.text}'
        self._publish(self._last)

    def _publish(self, statuses: Sequence[DiagnosticStatus]) -> None:
        report = DiagnosticArray(status=statuses)
        report.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(report)
