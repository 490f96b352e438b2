"""The node `hri_bridge`: faces of the node `facemesh` as ROS4HRI's topics (REP-155)."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import suppress

import rclpy
from hri_msgs.msg import IdsList
from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.exceptions import ParameterException
from rclpy.node import Node
from std_msgs.msg import Header

from facemesh_ros.errors import FacemeshError
from facemesh_ros.msg import FaceMesh, FaceMeshArray
from facemesh_ros.ros.hri_bridge.face_source import FaceSource
from facemesh_ros.ros.hri_bridge.face_topics import FACES, FaceTopics
from facemesh_ros.ros.hri_bridge.messages import ids_msg
from facemesh_ros.ros.hri_bridge.settings import BridgeSettings
from facemesh_ros.ros.hri_bridge.tracked_faces import TrackedFaces
from facemesh_ros.ros.parameters import Parameters
from facemesh_ros.ros.process.spin import spin_until_signal, start_rclpy
from facemesh_ros.ros.qos import LATCHED, create_publisher
from facemesh_ros.types import Frame

STALE_CHECK_S, ADVICE_S = 0.1, 1.0
# libhri's subscription is not latched, and its list may be that of a bridge that was killed.
REPEAT_S = 1.0
FAREWELL = Duration(seconds=0.5)


class HriBridge(Node):
    """Publishes what the node `facemesh` tracks as ROS4HRI's consumers expect it.

    Faces are listed once they are confirmed, and while they are not seen for a few images; what
    is published of each is only what was seen. Frames of faces are the node's own affair.
    """

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        """Subscribe to the node's cameras; say that there is no face yet.

        `arguments` are the process's: errors say which file a parameter comes from.

        Raises:
            FacemeshError: On an invalid start value, or if a name makes no valid topic.
            ParameterException: If a parameter of rclpy's own is invalid.
        """
        super().__init__('hri_bridge')
        self._settings = Parameters(self, arguments, kind=BridgeSettings).settings
        settings = self._settings
        self._tracked = TrackedFaces(settings.stale_after)
        self._topics: dict[str, FaceTopics] = {}
        self._camera_of: dict[str, str] = {}
        self._told: set[str] = set()
        # Latched, which serves those who ask for it and those who do not.
        self._list = create_publisher(self, IdsList, f'{FACES}/tracked', LATCHED)
        self._publish_list(self._now())
        self._sources = [
            FaceSource(self, settings, camera, self._on_faces, self._on_picture)
            for camera in settings.cameras or ('',)
        ]
        # Of the steady clock: /clock may stand still.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(STALE_CHECK_S, self._drop_stale, clock=steady)
        self.create_timer(ADVICE_S, self._advise, clock=steady)

    def stop(self) -> None:
        """Say that no face is tracked any more, and wait until all readers know."""
        for topics in self._topics.values():
            topics.destroy()
        self._topics.clear()
        self._list.publish(ids_msg([], self._now()))
        with suppress(RuntimeError):  # not every middleware can
            self._list.wait_for_all_acked(FAREWELL)

    def _on_faces(self, source: FaceSource, msg: FaceMeshArray) -> None:
        known = [face for face in msg.faces if face.state != FaceMesh.STATE_TENTATIVE]
        self._tracked.update(source.camera, (face.id for face in known), time.monotonic())
        self._camera_of.update((face.id, source.camera) for face in known)
        self._follow_list()
        self._publish_list(msg.header)
        for face in known:
            # Nobody has seen where the others are.
            if face.state == FaceMesh.STATE_TRACKED:
                self._topics[face.id].publish(face, msg, source.blendshape_names)
        self._want_images()

    def _on_picture(self, msg: FaceMeshArray, frame: Frame) -> None:
        for face in msg.faces:
            if face.state == FaceMesh.STATE_TRACKED and face.id in self._topics:
                self._topics[face.id].publish_images(face, msg, frame)

    def _drop_stale(self) -> None:
        before, now_s = self._tracked.ids, time.monotonic()
        self._tracked.drop_stale(now_s)
        if self._tracked.ids != before:
            self._follow_list()
            self._want_images()
        elif now_s - self._listed_s < REPEAT_S:
            return
        self._publish_list(self._now())

    def _follow_list(self) -> None:
        """Create the topics of new faces, and destroy those of faces that are gone."""
        tracked, size = self._tracked.ids, None
        if not self._settings.privacy_mode:
            size = self._settings.face_width, self._settings.face_height
        for face_id in self._topics.keys() - tracked:
            self._topics.pop(face_id).destroy()
            del self._camera_of[face_id]
        for face_id in tracked - self._topics.keys():
            self._topics[face_id] = FaceTopics(self, face_id, size)

    def _publish_list(self, header: Header) -> None:
        self._listed_s = time.monotonic()
        self._list.publish(ids_msg(self._tracked.ids, header))

    def _want_images(self) -> None:
        wanting = {
            self._camera_of[face_id]
            for face_id, topics in self._topics.items()
            if topics.wants_images
        }
        for source in self._sources:
            source.want_images(source.camera in wanting)

    def _advise(self) -> None:
        """Log what is missing, once until it changes."""
        problems = {problem for source in self._sources for problem in source.problems()}
        if self.count_publishers(self._list.topic_name) > 1:
            problems.add(
                f'another node publishes {self._list.topic_name} too, and the two lists replace '
                'each other: end hri_face_detect, and let one bridge take all cameras'
            )
        for problem in problems - self._told:
            self.get_logger().warning(problem)
        self._told = problems

    def _now(self) -> Header:
        return Header(stamp=self.get_clock().now().to_msg())


def main(args: list[str] | None = None) -> int:
    """Run the bridge until a signal; 1 if it cannot start."""
    try:
        signals = start_rclpy(args)
        bridge = HriBridge(sys.argv if args is None else args)
    except (FacemeshError, ParameterException) as error:
        print(f'hri_bridge: {error}', file=sys.stderr)
        rclpy.try_shutdown()
        return 1
    try:
        spin_until_signal(bridge, signals)
    finally:
        bridge.stop()
        bridge.destroy_node()
        rclpy.try_shutdown()
        signals.ignore()
    return 0
