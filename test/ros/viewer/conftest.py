"""A viewer node in a thread of its own, and what it shows, kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Thread

import pytest
import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor

from facemesh_ros.ros.viewer.node import Viewer
from facemesh_ros.viz.seen_image import SeenImage


class KeptView:
    """Keeps what it is shown; takes its time if asked to."""

    def __init__(self, takes_s: float = 0.0) -> None:
        self.seen: list[SeenImage] = []
        self.has_ended, self._takes_s = False, takes_s

    def show(self, seen: SeenImage) -> None:
        time.sleep(self._takes_s)
        self.seen.append(seen)

    def of(self, stream: str) -> list[SeenImage]:
        return [it for it in self.seen if it.stream == stream]


class SpunViewer:
    """A viewer whose executor runs beside the test."""

    def __init__(self, view: KeptView, *topics: str, image_topic: str | None = None) -> None:
        self.view = view
        self.context = rclpy.Context()
        self.context.init()
        self.node = Viewer(view, topics, image_topic, context=self.context)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._is_over = False
        self._thread = Thread(target=self._spin, daemon=True)
        self._thread.start()

    def _spin(self) -> None:
        with suppress(ExternalShutdownException):
            while not self._is_over and self.context.ok():
                self._executor.spin_once(timeout_sec=0.05)

    def end(self) -> None:
        self._is_over = True
        self._thread.join()
        self.node.stop()
        self._executor.shutdown()
        self.node.destroy_node()
        self.context.try_shutdown()


@pytest.fixture
def start_viewer(ros: None) -> Iterator[Callable[..., SpunViewer]]:
    """Start viewers that are gone at the end of the test."""
    started: list[SpunViewer] = []

    def start(*topics: str, takes_s: float = 0.0, image_topic: str | None = None) -> SpunViewer:
        started.append(SpunViewer(KeptView(takes_s), *topics, image_topic=image_topic))
        return started[-1]

    yield start
    for viewer in started:
        viewer.end()
