#!/usr/bin/env python3
"""Prints the faces of each image, and says so when no results come: the smallest consumer.

python3 examples/print_faces.py --ros-args -r __ns:=/robot
"""

from contextlib import suppress

import numpy as np
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data

from facemesh_ros.consumer import LatestFaces, box, head_pose, is_metric
from facemesh_ros.msg import FaceMesh, FaceMeshArray

STATES = {
    FaceMesh.STATE_TENTATIVE: 'new, not confirmed',
    FaceMesh.STATE_TRACKED: 'seen',
    FaceMesh.STATE_COASTING: 'not seen in this image',
}


class PrintFaces(Node):
    def __init__(self) -> None:
        super().__init__('print_faces')
        self._latest = LatestFaces()
        self._said = ''
        self.create_subscription(
            FaceMeshArray, 'facemesh/landmarks', self._latest, qos_profile_sensor_data
        )
        self.create_timer(0.2, self._tell)

    def _tell(self) -> None:
        msg = self._latest.at(self.get_clock().now().nanoseconds)
        if msg is None:
            # An inactive node sends nothing; an active one a message for each image.
            self._say('no results: is the node active, and does the camera send images?')
        elif not msg.faces:
            self._say('no face')
        else:
            self._say('; '.join(map(describe, msg.faces)))

    def _say(self, text: str) -> None:
        if text != self._said:
            print(text, flush=True)
        self._said = text


def describe(face: FaceMesh) -> str:
    x0, y0, x1, y1 = box(face).round().astype(int).tolist()
    text = f'{face.id} {STATES[face.state]}, {x1 - x0}x{y1 - y0} px at ({x0}, {y0})'
    if not is_metric(face):
        return f'{text}, distance unknown'  # no calibration: the pose is NaN
    return f'{text}, {np.linalg.norm(head_pose(face)[:3, 3]):.2f} m away'


if __name__ == '__main__':
    rclpy.init()
    with suppress(KeyboardInterrupt, ExternalShutdownException):
        rclpy.spin(PrintFaces())
