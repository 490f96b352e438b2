"""A consumer in a process of its own: prints what it receives as JSON, ends with its input.

Each line has `arrived_ns`, by this machine's clock, and either `stamp_ns`, `ids`, the three
counters and the `latency` of a FaceMeshArray, or the `message` of the node's diagnostics, or the
`frame_ns`, the stamp of frames of /tf.
"""

from __future__ import annotations

import json
import sys
import time
from threading import Thread
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.qos import QoSProfile
from tf2_msgs.msg import TFMessage

from facemesh_ros.msg import FaceMeshArray

# Reliable, as RViz and most others subscribe.
RELIABLE = QoSProfile(depth=10)


def tell(**what: Any) -> None:
    print(json.dumps({'arrived_ns': time.time_ns(), **what}), flush=True)


def on_faces(msg: FaceMeshArray) -> None:
    tell(
        stamp_ns=msg.header.stamp.sec * 10**9 + msg.header.stamp.nanosec,
        ids=[face.id for face in msg.faces],
        dropped=msg.dropped_images,
        lost=msg.lost_images,
        failed=msg.failed_images,
        latency=msg.latency,
    )


def on_diagnostics(msg: DiagnosticArray) -> None:
    for status in msg.status:
        tell(message=status.message)


def on_frames(msg: TFMessage) -> None:
    stamp = msg.transforms[0].header.stamp
    tell(frame_ns=stamp.sec * 10**9 + stamp.nanosec)


def main() -> None:
    rclpy.init()
    node = rclpy.create_node('consumer')
    node.create_subscription(FaceMeshArray, 'facemesh/landmarks', on_faces, RELIABLE)
    node.create_subscription(TFMessage, '/tf', on_frames, 100)
    node.create_subscription(DiagnosticArray, '/diagnostics', on_diagnostics, 10)
    input_ = Thread(target=sys.stdin.read, daemon=True)
    input_.start()
    while input_.is_alive():
        rclpy.spin_once(node, timeout_sec=0.1)


if __name__ == '__main__':
    main()
