"""A subscriber as a process: records the arrival of each message and writes the record at the end.

It prints the name of a landmark topic when the first face arrives there. OUTPUT gets, as JSON,
`landmarks`: by topic, for each message the stamp and the arrival (both ns), its field `latency`
(ms), the images dropped so far and the number of faces; `bytes`: size of a message on each topic.
"""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path
from typing import Any

import rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.serialization import serialize_message
from visualization_msgs.msg import MarkerArray

from facemesh_ros.msg import FaceMeshArray
from facemesh_ros.ros.input.image_conversion import ns_from_stamp
from facemesh_ros.ros.process.spin import spin_until_signal, start_rclpy

RELIABLE = QoSProfile(depth=50)


class Listener(Node):
    """Subscribes to any number of cameras' landmarks and markers."""

    def __init__(self, landmarks: list[str], markers: list[str]) -> None:
        super().__init__('listener')
        self._landmarks: dict[str, list[list[float]]] = {topic: [] for topic in landmarks}
        self._bytes: dict[str, int] = {}
        self._seen: set[str] = set()
        for topic in landmarks:
            self.create_subscription(
                FaceMeshArray, topic, partial(self._on_faces, topic), RELIABLE
            )
        for topic in markers:
            # Raw, as the conversion of thousands of points to Python would load the machine.
            self.create_subscription(
                MarkerArray, topic, partial(self._on_bytes, topic), RELIABLE, raw=True
            )

    def _on_faces(self, topic: str, msg: FaceMeshArray) -> None:
        arrived_ns = time.time_ns()
        faces = len(msg.faces)
        self._landmarks[topic].append(
            [ns_from_stamp(msg.header), arrived_ns, 1e3 * msg.latency, msg.dropped_images, faces]
        )
        if faces and topic not in self._seen:
            self._seen.add(topic)
            self._bytes[topic] = len(serialize_message(msg))
            print(topic, flush=True)

    def _on_bytes(self, topic: str, content: bytes) -> None:
        self._bytes[topic] = max(len(content), self._bytes.get(topic, 0))

    def as_json(self) -> dict[str, Any]:
        """Return the record."""
        return {'landmarks': self._landmarks, 'bytes': self._bytes}


def arguments() -> Namespace:
    """Parse the command line."""
    parser = ArgumentParser()
    parser.add_argument('output', type=Path)
    parser.add_argument('--landmarks', nargs='+', metavar='TOPIC', required=True)
    parser.add_argument('--markers', nargs='*', metavar='TOPIC', default=[])
    return parser.parse_args()


def main() -> None:
    """Listen, then write the record."""
    options = arguments()
    signals = start_rclpy()
    listener = Listener(options.landmarks, options.markers)
    print('listening', flush=True)
    spin_until_signal(listener, signals)
    options.output.write_text(json.dumps(listener.as_json()))
    rclpy.try_shutdown()


if __name__ == '__main__':
    main()
