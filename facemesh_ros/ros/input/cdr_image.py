"""Serialised image messages of rclpy's raw subscriptions, read in place."""

from __future__ import annotations

from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from facemesh_ros.messages.cdr_image import (
    BYTE_ORDERS,
    CdrCompressedImage,
    CdrImage,
    image_from_cdr,
)

AnyImage = Image | CdrImage
AnyCompressedImage = CompressedImage | CdrCompressedImage


def read_image(msg_type: type, cdr: bytes) -> AnyImage | AnyCompressedImage:
    """Read a message of type Image or CompressedImage, as a raw subscription gets it.

    Raises:
        ImageError: If it is truncated or damaged.
    """
    if cdr[:2] not in BYTE_ORDERS:  # an encapsulation that no middleware sends today
        return deserialize_message(cdr, msg_type)  # type: ignore[no-any-return]
    return image_from_cdr(cdr, Header, is_compressed=msg_type is CompressedImage)
