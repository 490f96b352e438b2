"""Serialised image messages of rclpy's raw subscriptions, read in place."""

from __future__ import annotations

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


def read_image(msg_type: type, cdr: Octets) -> AnyImage | AnyCompressedImage:
    """Read a message of type Image or CompressedImage, as a raw subscription gets it.

    Raises:
        ImageError: If it is truncated, damaged or no plain CDR.
    """
    return image_from_cdr(cdr, Header, is_compressed=msg_type is CompressedImage)
