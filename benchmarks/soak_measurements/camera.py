"""A camera that does what it is told: one JSON line on its input, one answer on its output.

`{"show": {"size": [w, h], "encoding": "bgr8", "faces": 4, "rate": 30, "depth": false}}` publishes
until the next line, `{"pause": true}` stops, `{"one": true}` publishes a single image. The answer
is `{"sent": images so far, "stamp_ns": of the last}`. The end of the input ends it.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import rclpy
from builtin_interfaces.msg import Time
from rclpy.node import Node
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import CameraInfo, Image
from soak_measurements.scenes import FRAME_ID, Shown, Stage
from std_msgs.msg import Header

from facemesh_ros.ros.demo.camera_node import info_msg

BEST_EFFORT = QoSProfile(depth=1, reliability=QoSReliabilityPolicy.BEST_EFFORT)
IDLE_S = 1.0


@dataclass
class Camera:
    """Publishes images, their camera_info and, where a scene has it, depth."""

    node: Node
    sent: int = 0
    stamp_ns: int = 0

    def __post_init__(self) -> None:
        create = self.node.create_publisher
        self._images = create(Image, 'image_raw', BEST_EFFORT)
        self._infos = create(CameraInfo, 'camera_info', BEST_EFFORT)
        self._depth = create(Image, 'depth/image_raw', BEST_EFFORT)
        self._stage = Stage()

    def publish(self, shown: Shown) -> None:
        """Publish the image of this moment."""
        picture = self._stage.picture(shown, time.monotonic())
        # One stamp is one image: what is answered is told from what is not by it.
        self.stamp_ns = max(time.time_ns(), self.stamp_ns + 1)
        seconds, nanoseconds = divmod(self.stamp_ns, 10**9)
        header = Header(stamp=Time(sec=seconds, nanosec=nanoseconds), frame_id=FRAME_ID)
        self._infos.publish(info_msg(shown.image_wh, header))
        if shown.depth:
            self._depth.publish(self._stage.depth_msg(shown, header))
        self._images.publish(self._stage.image_msg(shown, picture, header))
        self.sent += 1

    def serve(self, lines: SimpleQueue[str]) -> None:
        """Obey until the input ends."""
        shown, due_s = Shown(), None
        while True:
            try:
                line = lines.get(timeout=_wait_s(due_s))
            except Empty:
                if due_s is not None:
                    self.publish(shown)
                    # A late camera does not catch up.
                    due_s = max(due_s + 1 / shown.rate, time.monotonic())
                continue
            if not line:
                return
            command = json.loads(line)
            due_s = None
            if 'show' in command:
                shown, due_s = Shown.of(command['show']), time.monotonic()
            elif 'one' in command:
                self.publish(shown)
            self._answer()

    def _answer(self) -> None:
        print(json.dumps({'sent': self.sent, 'stamp_ns': self.stamp_ns}), flush=True)


def _wait_s(due_s: float | None) -> float:
    return IDLE_S if due_s is None else max(0.0, due_s - time.monotonic())


def _read(lines: SimpleQueue[str]) -> None:
    for line in sys.stdin:
        lines.put(line)
    lines.put('')


def main() -> None:
    """Publish what is asked for."""
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    lines: SimpleQueue[Any] = SimpleQueue()
    Thread(target=_read, args=(lines,), daemon=True).start()
    Camera(rclpy.create_node('camera')).serve(lines)
    rclpy.shutdown()


if __name__ == '__main__':
    main()
