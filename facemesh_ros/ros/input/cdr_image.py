"""Serialised image messages of rclpy's raw subscriptions, read in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from facemesh_ros.messages.cdr_image import (
    CdrCompressedImage,
    CdrImage,
    Octets,
    image_from_cdr,
)

AnyImage = Image | CdrImage
AnyCompressedImage = CompressedImage | CdrCompressedImage


def read_image(
    msg_type: type, cdr: Octets, new_header: Callable[[], Any] = Header
) -> AnyImage | AnyCompressedImage:
    """Read a message of type Image or CompressedImage, as a raw subscription gets it.

    Args:
        msg_type: Which of the two.
        cdr: The message.
        new_header: See `image_from_cdr`; messages of rclpy take its own only.

    Raises:
        ImageError: If it is truncated, damaged or no plain CDR.
    """
    return image_from_cdr(cdr, new_header, is_compressed=msg_type is CompressedImage)
