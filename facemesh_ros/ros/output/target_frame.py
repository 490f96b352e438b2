"""The frame in which markers and points are given, found through tf2."""

from __future__ import annotations

import os

import numpy as np
from rclpy.node import Node
from rclpy.time import Time

from facemesh_ros.errors import FacemeshError, in_one_line, quoted
from facemesh_ros.geometry.rotations import matrix_from_quaternion_xyzw
from facemesh_ros.messages.cdr_image import CdrHeader
from facemesh_ros.messages.image_conversion import ns_from_stamp
from facemesh_ros.messages.scene import FrameTransform


class TargetFrameError(FacemeshError):
    """The target frame cannot be used; the text says why, and what to do."""


class TargetFrame:
    """Listens to the robot's frames; any thread may ask, while the node spins.

    Attributes:
        frame_id: Of the target.
    """

    def __init__(self, node: Node, frame_id: str) -> None:
        """Begin to listen; raises TargetFrameError if tf2_ros is not installed."""
        try:
            import tf2_ros
        except ImportError as error:
            package = f'ros-{os.environ.get("ROS_DISTRO", "<distro>")}-tf2-ros-py'
            raise TargetFrameError(
                f'target_frame {frame_id!r} needs tf2_ros, which is not installed ({error}): '
                f'install {package}, or leave target_frame empty for the frame of the camera'
            ) from error
        self.frame_id = frame_id
        self._tf2_ros = tf2_ros
        self._buffer = tf2_ros.Buffer()
        self._listener = tf2_ros.TransformListener(self._buffer, node)

    def close(self) -> None:
        """Stop listening."""
        self._listener.unregister()

    def transform_from(self, header: CdrHeader) -> FrameTransform:
        """Return how the frame of an image lay in the target when the image was taken.

        Where the robot has not told yet how it was then, its latest place is taken.

        Raises:
            TargetFrameError: If tf2 knows no way between the two.
        """
        tf2_ros, frame_id = self._tf2_ros, quoted(header.frame_id)
        try:
            try:
                # rclpy has no times before 1970; zero is tf2's latest.
                stamp_ns = max(0, ns_from_stamp(header))
                stamped = self._lookup(header, Time(nanoseconds=stamp_ns))
            except tf2_ros.ExtrapolationException:
                stamped = self._lookup(header, Time())
        except tf2_ros.TransformException as error:
            raise TargetFrameError(
                f'tf2 has no transform from {frame_id} to the target_frame '
                f'{self.frame_id!r}, so markers and points are in {frame_id}: publish '
                f'it, or correct target_frame ({in_one_line(error)})'
            ) from error
        shift, turn = stamped.transform.translation, stamped.transform.rotation
        return FrameTransform(
            matrix_from_quaternion_xyzw(np.array([turn.x, turn.y, turn.z, turn.w])),
            np.array([shift.x, shift.y, shift.z]),
        )

    def _lookup(self, header: CdrHeader, time: Time) -> object:
        return self._buffer.lookup_transform(self.frame_id, header.frame_id, time)
