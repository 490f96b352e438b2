"""Subscribes to every topic that is built on demand, until it is ended or its input is."""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module
from threading import Thread

import rclpy
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CompressedImage, Image, PointCloud2
from visualization_msgs.msg import MarkerArray

from facemesh_ros.ros.process.spin import spin_until_signal, start_rclpy

TOPICS = {
    'markers': MarkerArray,
    'points': PointCloud2,
    'debug_image': Image,
    'debug_image/compressed': CompressedImage,
}
# Topics of packages that need not be installed.
for _topic, _package, _name in (
    ('detections', 'vision_msgs.msg', 'Detection2DArray'),
    ('annotations', 'foxglove_msgs.msg', 'ImageAnnotations'),
):
    with suppress(ImportError):
        TOPICS[_topic] = getattr(import_module(_package), _name)


def main() -> None:
    """Print the number of topics, then each topic's name when its first message comes."""
    signals = start_rclpy()
    node = rclpy.create_node('viewer')
    waiting = set(TOPICS)

    def end_with_parent() -> None:
        sys.stdin.read()
        node.context.try_shutdown()

    def told(topic: str) -> None:
        if topic in waiting:
            waiting.discard(topic)
            print(topic, flush=True)

    for topic, kind in TOPICS.items():
        node.create_subscription(
            kind,
            f'facemesh/{topic}',
            lambda _, topic=topic: told(topic),
            qos_profile_sensor_data,
            raw=True,
        )
    Thread(target=end_with_parent, daemon=True).start()
    print(len(TOPICS), flush=True)
    spin_until_signal(node, signals)
    rclpy.try_shutdown()


if __name__ == '__main__':
    sys.exit(main())
