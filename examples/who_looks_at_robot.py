#!/usr/bin/env python3
"""Says who looks at the robot, by id, whenever that changes.

python3 examples/who_looks_at_robot.py --ros-args -r __ns:=/robot
"""

import math
from contextlib import suppress

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data

from facemesh_ros.consumer import LatestFaces, NamedLandmarks, look_at, seen_faces
from facemesh_ros.msg import FaceMesh, FaceMeshArray, FaceMeshInfo

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
ROBOT_M = (0.0, 0.0, 0.0)  # where it is looked at, in the image's frame: the camera itself
MAX_SIGMA_RAD = math.radians(15)  # of a gaze less certain than this, nothing is said
HOLD_NS = 500_000_000  # blinks and single images do not end a look


class WhoLooks(Node):
    def __init__(self) -> None:
        super().__init__('who_looks_at_robot')
        self._latest = LatestFaces()
        self._names: NamedLandmarks | None = None
        self._looked_ns: dict[str, int] = {}
        self._said = ''
        self.create_subscription(FaceMeshInfo, 'facemesh/info', self._on_info, LATCHED)
        self.create_subscription(
            FaceMeshArray, 'facemesh/landmarks', self._latest, qos_profile_sensor_data
        )
        self.create_timer(0.1, self._tell)

    def _on_info(self, info: FaceMeshInfo) -> None:
        self._names = NamedLandmarks(
            info
        )  # again whenever the node is configured with another model

    def _tell(self) -> None:
        now_ns = self.get_clock().now().nanoseconds
        msg = self._latest.at(now_ns)
        if msg is None or self._names is None:
            self._looked_ns.clear()
            return self._say('no results: is the node active, and does the camera send images?')
        texts = [self._verdict(face, self._names, now_ns) for face in seen_faces(msg)]
        return self._say('; '.join(texts) or 'nobody is seen')

    def _verdict(self, face: FaceMesh, names: NamedLandmarks, now_ns: int) -> str:
        look = look_at(face, names, ROBOT_M)
        if look.sigma_rad < MAX_SIGMA_RAD and look.is_at():
            self._looked_ns[face.id] = now_ns
        if abs(now_ns - self._looked_ns.get(face.id, -HOLD_NS)) < HOLD_NS:
            return f'{face.id} looks at the robot'
        # NaN compares as false: no calibration, closed eyes, a model without irises.
        known = look.sigma_rad < MAX_SIGMA_RAD
        return f'{face.id} looks elsewhere' if known else f'{face.id}: gaze unknown'

    def _say(self, text: str) -> None:
        if text != self._said:
            print(text, flush=True)
        self._said = text


if __name__ == '__main__':
    rclpy.init()
    with suppress(KeyboardInterrupt, ExternalShutdownException):
        rclpy.spin(WhoLooks())
