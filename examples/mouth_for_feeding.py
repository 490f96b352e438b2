#!/usr/bin/env python3
"""Publishes `mouth`, where a feeding arm should go, only while that is seen and sure enough.

    ros2 run facemesh_ros mouth_for_feeding.py --ros-args -r __ns:=/robot -p max_sigma_m:=0.02

A PoseStamped in the image's frame (x out of the mouth, y to the person's left, z up) with the
image's stamp. What an arm must do itself: stop when the newest pose is older than it dares.
"""

from contextlib import suppress

import rclpy
from geometry_msgs.msg import Point, Pose, PoseStamped
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data

from facemesh_ros import consumer
from facemesh_ros.msg import FaceMesh, FaceMeshArray, FaceMeshInfo

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
OPEN_M = 0.015


class MouthForFeeding(Node):
    def __init__(self) -> None:
        super().__init__('mouth_for_feeding')
        # One camera knows a size of adults only (5 cm at 1 m): 2 cm take a depth image.
        self._max_sigma_m = float(self.declare_parameter('max_sigma_m', 0.02).value)
        self._latest, self._said, self._fed = consumer.LatestFaces(), '', ''
        self._names: consumer.NamedLandmarks | None = None
        self._publisher = self.create_publisher(PoseStamped, 'mouth', 1)
        self.create_subscription(FaceMeshInfo, 'facemesh/info', self._on_info, LATCHED)
        self.create_subscription(
            FaceMeshArray, 'facemesh/landmarks', self._on_faces, qos_profile_sensor_data
        )
        self.create_timer(0.2, self._watch)

    def _on_info(self, info: FaceMeshInfo) -> None:
        self._names = consumer.NamedLandmarks(info)

    def _watch(self) -> None:
        if self._latest.at(self.get_clock().now().nanoseconds) is None:
            self._fed = ''  # whoever comes next may be somebody else
            self._say('no results: is the node active, and does the camera send images?')

    def _on_faces(self, msg: FaceMeshArray) -> None:
        self._latest(msg)
        if self._names is None or self._latest.at(self.get_clock().now().nanoseconds) is None:
            return None  # an old image says nothing of where the mouth is now
        # The first one seen is fed, and nobody else before all have left: whoever stands by, or
        # comes, does not draw the arm away.
        seen = {face.id: face for face in consumer.seen_faces(msg)}
        self._fed = (self._fed or min(seen, default='')) if msg.faces else ''
        face = seen.get(self._fed)
        return self._say(self._offer(msg, face) if face else 'the person is not seen')

    def _offer(self, msg: FaceMeshArray, face: FaceMesh) -> str:
        if not consumer.is_metric(face):
            return f'{face.id}: no metres, because the camera is not calibrated'
        sigma_m = consumer.covariance(face)[:3, :3].trace() ** 0.5  # of all directions together
        if not sigma_m <= self._max_sigma_m:
            return f'{face.id}: too uncertain for an arm; a depth image helps, or max_sigma_m'
        x, y, z = consumer.mouth_pose(face, self._names)[:3, 3].tolist()
        pose = Pose(position=Point(x=x, y=y, z=z), orientation=face.pose.pose.orientation)
        self._publisher.publish(PoseStamped(header=msg.header, pose=pose))
        lips = consumer.mouth_opening(consumer.landmarks_metric(face), self._names)
        return f'{face.id}: mouth is {"open" if lips.gap > OPEN_M else "closed"}'

    def _say(self, text: str) -> None:
        if text != self._said:
            print(text, flush=True)
        self._said = text


if __name__ == '__main__':
    rclpy.init()
    with suppress(KeyboardInterrupt, ExternalShutdownException):
        rclpy.spin(MouthForFeeding())
