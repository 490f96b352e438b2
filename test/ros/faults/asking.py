"""Sends the picture of a .npy file until a face is found in it; run beside a node, where it is."""

from __future__ import annotations

import sys
import time

import numpy as np
import rclpy
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image

from facemesh_ros.msg import FaceMeshArray
from facemesh_ros.ros.input.image_conversion import msg_from_bgr

PATIENCE_S = 60.0


def main(picture: str) -> int:
    # Its own logs are not what this is about.
    rclpy.init(args=['--ros-args', '--disable-external-lib-logs'])
    node = rclpy.create_node('asking')
    images = node.create_publisher(Image, 'image_raw', qos_profile_sensor_data)
    received: list[FaceMeshArray] = []
    node.create_subscription(
        FaceMeshArray, 'facemesh/landmarks', received.append, qos_profile_sensor_data
    )
    bgr, end_s, sent = np.load(picture), time.monotonic() + PATIENCE_S, 0
    while time.monotonic() < end_s and not any(msg.faces for msg in received):
        image = msg_from_bgr(bgr, Image().header)
        image.header.stamp.sec = sent = sent + 1
        images.publish(image)
        rclpy.spin_once(node, timeout_sec=0.1)
    return 0 if any(msg.faces for msg in received) else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
