"""A camera in a process of its own: the JPEG files of a folder, again and again, and camera_info.

It publishes best effort at a steady rate, each image stamped with its time, prints each stamp in
ns, and ends with its input.
"""

from __future__ import annotations

import sys
import time
from itertools import cycle
from pathlib import Path
from threading import Thread

import rclpy
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, CompressedImage

from facemesh_ros.ros.demo.camera_node import info_msg

IMAGE_WH = (320, 240)


def main(folder: str, topic: str, rate_hz: str) -> None:
    rclpy.init()
    node = rclpy.create_node('camera')
    images = node.create_publisher(CompressedImage, topic, qos_profile_sensor_data)
    infos = node.create_publisher(CameraInfo, 'camera_info', qos_profile_sensor_data)
    input_ = Thread(target=sys.stdin.read, daemon=True)
    input_.start()
    for jpeg in cycle([file.read_bytes() for file in sorted(Path(folder).glob('*.jpg'))]):
        if not input_.is_alive():
            break
        msg = CompressedImage(format='bgr8; jpeg compressed bgr8', data=jpeg)
        stamp_ns = time.time_ns()
        msg.header.frame_id = 'camera_optical_frame'
        msg.header.stamp.sec, msg.header.stamp.nanosec = divmod(stamp_ns, 10**9)
        infos.publish(info_msg(IMAGE_WH, msg.header))
        images.publish(msg)
        print(stamp_ns, flush=True)
        time.sleep(1 / float(rate_hz))


if __name__ == '__main__':
    main(*sys.argv[1:])
