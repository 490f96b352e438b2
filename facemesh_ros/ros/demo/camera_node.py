"""A camera node for demonstrations: a moving face, a picture, a video or a real camera."""

from __future__ import annotations

if __name__ == '__main__':
    from facemesh_ros.ros.process.signals import exit_on_signals

    exit_on_signals()  # before the other imports, which take a second

import argparse
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.utilities import remove_ros_args
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from facemesh_ros.errors import FacemeshError
from facemesh_ros.geometry.camera import Intrinsics
from facemesh_ros.io import (
    DEFAULT_RATE_HZ,
    image_from_file,
    images_from_capture,
    opened_video,
    rate_of,
    rate_of_file,
)
from facemesh_ros.io.moving_face import WEBCAM_VERTICAL_FOV_RAD, moving_astronaut
from facemesh_ros.ros.input.image_conversion import msg_from_bgr
from facemesh_ros.ros.process.spin import spin_until_signal, start_rclpy
from facemesh_ros.types import UInt8

FRAME_ID = 'camera_optical_frame'
VGA_WH = (640, 480)


class DemoCamera(Node):
    """Publishes images at a constant rate, with the calibration of a common webcam.

    So the bundled face is taken to be seen. Of other sources nothing is known: faces in them are
    told as far away as that lens would have it.
    """

    def __init__(self, images: Iterator[UInt8], rate_hz: float) -> None:
        super().__init__('demo_camera')
        self._images = images
        self._publisher = self.create_publisher(Image, 'image_raw', QoSProfile(depth=1))
        self._info_publisher = self.create_publisher(
            CameraInfo, 'camera_info', QoSProfile(depth=5)
        )
        self.create_timer(1 / rate_hz, self._publish_next)

    def _publish_next(self) -> None:
        if not self._publisher.get_subscription_count():
            return  # a video must not start before it is subscribed to
        bgr = next(self._images, None)
        if bgr is None:
            self.get_logger().error('the camera has no more images')
            self.context.shutdown()
            return
        header = Header(stamp=self.get_clock().now().to_msg(), frame_id=FRAME_ID)
        self._info_publisher.publish(info_msg((bgr.shape[1], bgr.shape[0]), header))
        self._publisher.publish(msg_from_bgr(bgr, header))


def info_msg(image_wh: tuple[int, int], header: Header) -> CameraInfo:
    """Return the calibration of a common webcam for images of a size."""
    camera = Intrinsics.from_vertical_fov(image_wh, WEBCAM_VERTICAL_FOV_RAD)
    msg = CameraInfo(header=header, width=image_wh[0], height=image_wh[1])
    msg.distortion_model = 'plumb_bob'
    msg.d = [0.0] * 5
    msg.k = [camera.fx, 0.0, camera.cx, 0.0, camera.fy, camera.cy, 0.0, 0.0, 1.0]
    msg.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    msg.p = [camera.fx, 0.0, camera.cx, 0.0, 0.0, camera.fy, camera.cy, 0.0, 0.0, 0.0, 1.0, 0.0]
    return msg


def add_source_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the source of the images."""
    source = parser.add_mutually_exclusive_group()
    source.add_argument('--camera', type=int, metavar='N', help='camera number N, /dev/videoN')
    source.add_argument('--video', type=Path, metavar='FILE', help='a video, in a loop')
    source.add_argument('--image', type=Path, metavar='FILE', help='a still picture')


def source_arguments(arguments: argparse.Namespace) -> list[str]:
    """Return the options that choose the same source."""
    chosen = {'--camera': arguments.camera, '--video': arguments.video, '--image': arguments.image}
    return [
        part for name, value in chosen.items() if value is not None for part in (name, str(value))
    ]


def open_source(arguments: argparse.Namespace) -> tuple[Iterator[UInt8], float]:
    """Return the images of the chosen source and their rate in Hz.

    Raises:
        FacemeshError: If the source cannot be opened.
    """
    if arguments.camera is not None:
        with opened_video(arguments.camera) as capture:
            rate_hz = rate_of(capture)
        return _images_of(arguments.camera), rate_hz
    if arguments.video is not None:
        loop = (_images_of(arguments.video) for _ in itertools.count())
        return itertools.chain.from_iterable(loop), rate_of_file(arguments.video)
    if arguments.image is not None:
        return itertools.repeat(image_from_file(arguments.image)), DEFAULT_RATE_HZ
    face = moving_astronaut(VGA_WH)
    return (face.image_at(count / DEFAULT_RATE_HZ) for count in itertools.count()), DEFAULT_RATE_HZ


def _images_of(video: int | Path) -> Iterator[UInt8]:
    with opened_video(video) as capture:
        yield from images_from_capture(capture)


def main(args: list[str] | None = None) -> int:
    """Run the camera until a signal; 1 if its source cannot be opened."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_source_arguments(parser)
    arguments = parser.parse_args(remove_ros_args(sys.argv if args is None else args)[1:])
    try:
        images, rate_hz = open_source(arguments)
        signals = start_rclpy(args)
    except FacemeshError as error:
        print(f'demo_camera: {error}', file=sys.stderr)
        return 1
    spin_until_signal(DemoCamera(images, rate_hz), signals)
    rclpy.try_shutdown()
    signals.ignore()
    return 0


if __name__ == '__main__':
    sys.exit(main())
