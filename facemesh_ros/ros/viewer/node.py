"""The node `facemesh_view`: what running nodes publish, to a viewer, always the newest."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from threading import Thread
from typing import Protocol

import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.context import Context
from rclpy.node import Node

from facemesh_ros.ros.diagnostics.finding import ONCE, LogThrottle
from facemesh_ros.ros.process.spin import spin_until_signal, start_rclpy
from facemesh_ros.ros.qos import resolved
from facemesh_ros.ros.viewer.face_stream import PATIENCE_S, FaceStream
from facemesh_ros.ros.viewer.newest_of_each import NewestOfEach
from facemesh_ros.ros.viewer.topics_of_faces import FACES, faces_topics
from facemesh_ros.viz.seen_image import SeenImage

LOOK_S = 0.5
# A viewer that does not take what it is shown must not keep this process.
STOP_TIMEOUT_S = 2.0


class View(Protocol):
    """Shows images with their faces; a `RerunView`, say."""

    @property
    def has_ended(self) -> bool:
        """Whether the user has closed it."""

    def show(self, seen: SeenImage) -> None:
        """Show the next image of a stream."""


class Viewer(Node):
    """Gives a viewer what all nodes that it finds see, or those that the user named.

    The executor's thread only receives; what is decoded and shown is, in a thread of its own, the
    newest of each stream. So a viewer that is slow shows fewer images.

    Attributes:
        error: What the viewer raised, which ends this node's context; None until then.
    """

    def __init__(
        self,
        view: View,
        topics: Sequence[str] = (),
        image_topic: str | None = None,
        *,
        context: Context | None = None,
    ) -> None:
        """Look for faces from now on.

        Args:
            view: What shows them.
            topics: Topics of faces; none for all that are published.
            image_topic: Of the images that they were found in; None to find them by the graph.
            context: Ended with the viewer; None for rclpy's default.

        Raises:
            TopicError: If a name makes no valid topic.
        """
        super().__init__('facemesh_view', context=context)
        self.error: Exception | None = None
        self._view, self._waiting = view, NewestOfEach[Callable[[], SeenImage]]()
        self._wanted = [resolved(self, topic) for topic in topics]
        self._image_topic = None if image_topic is None else resolved(self, image_topic)
        self._streams: dict[str, FaceStream] = {}
        self._throttle, self._told = LogThrottle(), set[str]()
        self._looks = 0
        self._thread = Thread(target=self._show_newest, name='view', daemon=True)
        self._thread.start()
        # Of the steady clock: /clock may stand still.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(LOOK_S, self._look, clock=steady)

    def stop(self) -> None:
        """Show nothing any more; an image that is being shown is shown to the end."""
        self._waiting.close()
        self._thread.join(STOP_TIMEOUT_S)

    def _show_newest(self) -> None:
        try:
            while (seen := self._waiting.take()) is not None:
                self._view.show(seen())
        except Exception as error:
            self.error = error

    def _look(self) -> None:
        """Follow the graph, and say what is missing, once until it changes."""
        if self.error is not None or self._view.has_ended:
            # Here, in the executor's own thread: elsewhere it would not be noticed cleanly.
            self.context.try_shutdown()
            return
        self._looks += 1
        published = faces_topics(self)
        for topic in self._wanted or published:
            if topic not in self._streams:
                self._streams[topic] = FaceStream(
                    self, topic, self._image_topic, self._waiting.put, self._tell_once
                )
                _tell(f'{topic} is looked at' if topic in published else f'waiting for {topic}')
        for stream in self._streams.values():
            stream.find_images()
        problems = set(self._problems(published))
        for problem in sorted(problems - self._told):
            _tell(problem)
        self._told = problems

    def _problems(self, published: Sequence[str]) -> Iterator[str]:
        missing = [topic for topic in self._streams if topic not in published]
        if published and missing:
            yield (
                f'nobody publishes {" or ".join(missing)}; there are faces on '
                f'{", ".join(published)}'
            )
        elif not published and self._looks * LOOK_S >= PATIENCE_S:
            domain = os.environ.get('ROS_DOMAIN_ID', '0')
            yield (
                f'waiting for a node that publishes {FACES}: `ros2 launch facemesh_ros '
                'facemesh.launch.py image_topic:=/camera/image_raw` starts one. If one runs, is '
                f'it active, and in this ROS_DOMAIN_ID ({domain}) and discovery range?'
            )
        for topic, stream in self._streams.items():
            if topic in published:
                yield from stream.problems()

    def _tell_once(self, text: str) -> None:
        if self._throttle.is_due(text, ONCE):
            _tell(text)


def _tell(text: str) -> None:
    print(f'facemesh view: {text}', file=sys.stderr, flush=True)


def view_topics(
    open_view: Callable[[], AbstractContextManager[View]],
    topics: Sequence[str] = (),
    image_topic: str | None = None,
    ros_arguments: Sequence[str] = (),
) -> None:
    """Show what running nodes see until a signal; see `Viewer`.

    `ros_arguments` are ROS' own, from `--ros-args` on.

    Raises:
        FacemeshError: If ROS arguments, environment or a topic's name are invalid.
    """
    signals = start_rclpy([sys.argv[0], *ros_arguments])
    try:
        with open_view() as view:
            viewer = Viewer(view, topics, image_topic)
            try:
                spin_until_signal(viewer, signals)
            finally:
                viewer.stop()
                viewer.destroy_node()
        if viewer.error is not None:
            raise viewer.error
    finally:
        rclpy.try_shutdown()
        signals.ignore()
