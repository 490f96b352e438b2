"""Prints the first message with a face as JSON; run by the Python of another distribution."""

import json
import sys
import time

import rclpy
from rclpy.qos import qos_profile_sensor_data

from facemesh_ros.msg import FaceMeshArray

PATIENCE_S = 40.0


def main() -> int:
    rclpy.init()
    node = rclpy.create_node('listener')
    received = []
    node.create_subscription(
        FaceMeshArray, 'facemesh/landmarks', received.append, qos_profile_sensor_data
    )
    print('listening', flush=True)
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s and not any(msg.faces for msg in received):
        rclpy.spin_once(node, timeout_sec=0.1)
    with_face = [msg for msg in received if msg.faces]
    if not with_face:
        return 1
    msg = with_face[0]
    stamp = msg.header.stamp
    print(
        json.dumps(
            {
                'stamp': [stamp.sec, stamp.nanosec],
                'frame_id': msg.header.frame_id,
                'id': msg.faces[0].id,
                'landmarks': list(msg.faces[0].landmarks),
            }
        )
    )
    return 0


if __name__ == '__main__':
    sys.exit(main())
