"""Publishes the diagnostics of all streams once a second."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.duration import Duration
from rclpy.node import Node

from facemesh_ros.ros.diagnostics.finding import LogThrottle
from facemesh_ros.ros.diagnostics.same_name import SameName
from facemesh_ros.ros.diagnostics.sim_time import SimTime
from facemesh_ros.ros.process.every_second import EverySecond

ACKNOWLEDGE_TIMEOUT = Duration(seconds=1)


class Diagnostics:
    """Publishes the status of each stream once a second until it is closed.

    In a thread of its own: what the checks ask the middleware takes milliseconds for each camera,
    in which the executor could answer no service.
    """

    def __init__(self, node: Node, reports: Sequence[Callable[[float], DiagnosticStatus]]) -> None:
        self._node, self._reports = node, reports
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 1)
        self._checks, self._throttle = (SimTime(node), SameName(node)), LogThrottle()
        self._last: Sequence[DiagnosticStatus] = ()
        self._reported_s = time.monotonic()
        self._thread = EverySecond(self._report_or_log, 'diagnostics')

    def close(self) -> None:
        """Publish that the streams are inactive, and stop."""
        self._thread.close()
        for status in self._last:
            status.level, status.message = DiagnosticStatus.STALE, 'inactive: no images are taken'
        if self._last:  # else there is nothing to take back
            self._publish(self._last)
            # Messages that are not acknowledged yet are lost with their publisher.
            self._publisher.wait_for_all_acked(ACKNOWLEDGE_TIMEOUT)
        self._node.destroy_publisher(self._publisher)

    def _report_or_log(self) -> None:
        try:
            self._report()
        except Exception:
            self._node.get_logger().error(traceback.format_exc())

    def _report(self) -> None:
        before_s, self._reported_s = self._reported_s, time.monotonic()
        period_s = self._reported_s - before_s
        self._last = [report(period_s) for report in self._reports]
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
