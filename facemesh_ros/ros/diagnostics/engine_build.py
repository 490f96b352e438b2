"""Diagnostics while the node builds TensorRT engines, before there are camera streams."""

from __future__ import annotations

import time
from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node
from rclpy.publisher import Publisher

from facemesh_ros.errors import LoadingCancelledError
from facemesh_ros.ros.diagnostics.publisher import ACKNOWLEDGE_TIMEOUT
from facemesh_ros.ros.process.every_second import PERIOD_S


class EngineBuildStatus:
    """Publishes the progress once a second; a context manager around the loading of models.

    It needs no timer, because the executor is blocked by the transition that builds.
    """

    def __init__(
        self, node: Node, is_ending: Callable[[], bool], progressed: Callable[[], object]
    ) -> None:
        """Publish nothing yet.

        Args:
            node: That publishes.
            is_ending: Whether the process is to end.
            progressed: Called with each progress.
        """
        self._node, self._is_ending, self._progressed = node, is_ending, progressed
        self._publisher: Publisher | None = None
        self._published_s = float('-inf')

    def __enter__(self) -> EngineBuildStatus:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if self._publisher is None:
            return
        if error is None:
            self._publish(DiagnosticStatus.OK, 'the TensorRT engines are built')
        else:
            self._publish(DiagnosticStatus.ERROR, f'not configured: {error}')
        self._publisher.wait_for_all_acked(ACKNOWLEDGE_TIMEOUT)
        self._node.destroy_publisher(self._publisher)

    def __call__(self, progress: str) -> None:
        """Publish the progress, once a second; raises LoadingCancelledError if the node ends."""
        self._progressed()
        if self._is_ending():
            raise LoadingCancelledError(f'the node ends while {progress}')
        if time.monotonic() - self._published_s >= PERIOD_S:
            self._published_s = time.monotonic()
            self._publish(DiagnosticStatus.WARN, f'{progress}; no images are taken until then')

    def _publish(self, level: bytes, message: str) -> None:
        if self._publisher is None:
            self._publisher = self._node.create_publisher(DiagnosticArray, '/diagnostics', 1)
        name = f'{self._node.get_fully_qualified_name()}: TensorRT engines'
        status = DiagnosticStatus(level=level, name=name.lstrip('/'), message=message)
        report = DiagnosticArray(status=[status])
        report.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(report)
