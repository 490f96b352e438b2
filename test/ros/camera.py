"""A camera in a process of its own: best-effort VGA images at 30 Hz until its input ends.

Their stamps count them, in s from 1; at the end it prints how many were sent.
"""

from __future__ import annotations

import sys
import time
from threading import Thread

import rclpy
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image

WIDTH, HEIGHT = 640, 480
PERIOD_S = 1 / 30


def main() -> None:
    rclpy.init()
    node = rclpy.create_node('camera')
    images = node.create_publisher(Image, 'image_raw', qos_profile_sensor_data)
    image = Image(width=WIDTH, height=HEIGHT, encoding='bgr8', step=3 * WIDTH)
    image.header.frame_id = 'camera_optical_frame'
    image.data = bytes([128]) * (3 * WIDTH * HEIGHT)
    input_ = Thread(target=sys.stdin.read, daemon=True)
    input_.start()
    sent = 0
    while input_.is_alive():
        if images.get_subscription_count():
            sent += 1
            image.header.stamp.sec = sent
            images.publish(image)
        time.sleep(PERIOD_S)
    print(sent)


if __name__ == '__main__':
    main()
