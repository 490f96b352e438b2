"""A consumer as a process: keeps when each message arrived, and writes it down at the end.

It prints the name of a landmark topic when it hears the first face there. OUTPUT gets, as JSON,
`landmarks`: by topic, for each message the stamp, when it came (both ns), the latency that it
tells (ms), the images dropped so far and the number of faces; `bytes`: size of a message on each
topic; `diagnostics`: when, whose, what.
"""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.serialization import serialize_message
from visualization_msgs.msg import MarkerArray

from facemesh_ros.msg import FaceMeshArray
from facemesh_ros.ros.input.image_conversion import ns_from_stamp
from facemesh_ros.ros.process.spin import spin_until_signal, start_rclpy

RELIABLE = QoSProfile(depth=50)


class Listener(Node):
    """Listens to any number of streams."""

    def __init__(self, landmarks: list[str], markers: list[str]) -> None:
        super().__init__('listener')
        self._landmarks: dict[str, list[list[float]]] = {topic: [] for topic in landmarks}
        self._bytes: dict[str, int] = {}
        self._seen: set[str] = set()
        self._diagnostics: list[tuple[int, str, dict[str, str]]] = []
        for topic in landmarks:
            self.create_subscription(
                FaceMeshArray, topic, partial(self._on_faces, topic), RELIABLE
            )
        for topic in markers:
            # As bytes: what a Python message of thousands of points costs is not the node's.
            self.create_subscription(
                MarkerArray, topic, partial(self._on_bytes, topic), RELIABLE, raw=True
            )
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, RELIABLE)

    def _on_faces(self, topic: str, msg: FaceMeshArray) -> None:
        came_ns = time.time_ns()
        faces = len(msg.faces)
        self._landmarks[topic].append(
            [ns_from_stamp(msg.header), came_ns, 1e3 * msg.latency, msg.dropped_images, faces]
        )
        if faces and topic not in self._seen:
            self._seen.add(topic)
            self._bytes[topic] = len(serialize_message(msg))
            print(topic, flush=True)

    def _on_bytes(self, topic: str, content: bytes) -> None:
        self._bytes[topic] = max(len(content), self._bytes.get(topic, 0))

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        for status in msg.status:
            values = {item.key: item.value for item in status.values}
            self._diagnostics.append((time.time_ns(), status.hardware_id, values))

    def as_json(self) -> dict[str, Any]:
        """Return all that was heard."""
        heard = {'landmarks': self._landmarks, 'bytes': self._bytes}
        return {**heard, 'diagnostics': self._diagnostics}


def arguments() -> Namespace:
    """Return the command line's arguments."""
    parser = ArgumentParser()
    parser.add_argument('output', type=Path)
    parser.add_argument('--landmarks', nargs='+', metavar='TOPIC', required=True)
    parser.add_argument('--markers', nargs='*', metavar='TOPIC', default=[])
    return parser.parse_args()


def main() -> None:
    """Listen, then write what was heard."""
    options = arguments()
    signals = start_rclpy()
    listener = Listener(options.landmarks, options.markers)
    print('listening', flush=True)
    spin_until_signal(listener, signals)
    options.output.write_text(json.dumps(listener.as_json()))
    rclpy.try_shutdown()


if __name__ == '__main__':
    main()
