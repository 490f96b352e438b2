"""A camera as a process: publishes a clip forth and back at a steady rate until a signal ends it.

CLIP is a file of images (F, H, W, 3) RGB, published raw, or a folder of JPEG files. The stamp is
taken right before publishing. OUTPUT gets all stamps, in ns.
"""

from __future__ import annotations

import json
import signal
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from functools import partial
from itertools import cycle
from pathlib import Path
from threading import Event

import numpy as np
import rclpy
from builtin_interfaces.msg import Time
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from facemesh_ros.ros.input.image_conversion import msg_from_bgr

Message = Image | CompressedImage
BEST_EFFORT = QoSProfile(depth=1, reliability=QoSReliabilityPolicy.BEST_EFFORT)


def messages(clip: Path) -> tuple[type, list[Callable[[], Message]]]:
    """Return the message type, and a factory of each message."""
    if clip.is_dir():
        make = partial(CompressedImage, format='rgb8; jpeg compressed bgr8')
        files = sorted(clip.glob('*.jpg'))
        return CompressedImage, [partial(make, data=file.read_bytes()) for file in files]
    return Image, [partial(_raw, rgb) for rgb in np.load(clip, mmap_mode='r')]


def _raw(rgb: np.ndarray) -> Image:
    msg = msg_from_bgr(rgb, Header())
    msg.encoding = 'rgb8'
    return msg


def publish(options: Namespace, shutdown: Event) -> list[int]:
    """Publish until the shutdown; returns the stamps."""
    kind, factories = messages(options.clip)
    node = rclpy.create_node('camera')
    publisher = node.create_publisher(kind, options.topic, BEST_EFFORT)
    period_s = 1 / options.rate
    due_s = time.perf_counter() + options.phase * period_s
    stamps: list[int] = []
    for make in cycle([*factories, *factories[-2:0:-1]]):
        msg = make()
        time.sleep(max(0.0, due_s - time.perf_counter()))
        # A late camera does not catch up.
        due_s = max(due_s + period_s, time.perf_counter())
        if shutdown.is_set():
            break
        stamps.append(time.time_ns())
        seconds, nanoseconds = divmod(stamps[-1], 10**9)
        msg.header = Header(stamp=Time(sec=seconds, nanosec=nanoseconds), frame_id='camera')
        publisher.publish(msg)
    return stamps


def arguments() -> Namespace:
    """Parse the command line."""
    parser = ArgumentParser()
    parser.add_argument('clip', type=Path)
    parser.add_argument('topic')
    parser.add_argument('output', type=Path)
    parser.add_argument('--rate', type=float, required=True, help='Hz')
    parser.add_argument('--phase', type=float, default=0.0, help='initial delay, in periods')
    return parser.parse_args()


def main() -> None:
    """Publish, then write the stamps."""
    options, shutdown = arguments(), Event()
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: shutdown.set())
    options.output.write_text(json.dumps(publish(options, shutdown)))
    rclpy.shutdown()


if __name__ == '__main__':
    main()
