"""Subscribes to all that a node publishes, reliably and not, and says when all of it arrives."""

from __future__ import annotations

import rclpy
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from sensor_msgs.msg import Image, PointCloud2
from visualization_msgs.msg import MarkerArray

from facemesh_ros.msg import FaceMeshArray

TOPICS = {
    'facemesh/landmarks': FaceMeshArray,
    'facemesh/markers': MarkerArray,
    'facemesh/points': PointCloud2,
    'facemesh/debug_image': Image,
}
DEPTH = 5


def main() -> None:
    rclpy.init()
    node = rclpy.create_node('consumer')
    received: set[tuple[str, QoSReliabilityPolicy]] = set()
    for topic, kind in TOPICS.items():
        for reliability in (QoSReliabilityPolicy.RELIABLE, QoSReliabilityPolicy.BEST_EFFORT):
            if kind is Image and reliability is QoSReliabilityPolicy.RELIABLE:
                continue  # it is offered with best effort alone
            node.create_subscription(
                kind,
                topic,
                lambda _, name=(topic, reliability): received.add(name),
                QoSProfile(depth=DEPTH, reliability=reliability),
            )
    while len(received) < 2 * len(TOPICS) - 1:
        rclpy.spin_once(node)
    print('all of it arrives', flush=True)
    rclpy.spin(node)


if __name__ == '__main__':
    main()
