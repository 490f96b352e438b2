"""Image messages of rclpy's classes: to frames, and from images."""

from __future__ import annotations

import array
from functools import partial

import numpy as np
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from facemesh_ros.messages.image_conversion import (
    depth_from_msg,
    ns_from_stamp,
)
from facemesh_ros.messages.image_conversion import (
    frame_from_msg as frame_from_any_msg,
)
from facemesh_ros.ros.parameters import NodeSettings
from facemesh_ros.types import UInt8

__all__ = ['depth_from_msg', 'frame_from_msg', 'msg_from_bgr', 'ns_from_stamp']

frame_from_msg = partial(frame_from_any_msg, max_megapixels=NodeSettings().max_image_megapixels)


def msg_from_bgr(image: UInt8, header: Header) -> Image:
    """Convert an image (H, W, 3) to a bgr8 message."""
    msg = Image(header=header, encoding='bgr8', height=image.shape[0], width=image.shape[1])
    msg.step = 3 * msg.width
    # From an array.array: assigning bytes would check each of them.
    msg.data = array.array('B')
    msg.data.frombytes(memoryview(np.ascontiguousarray(image)).cast('B'))
    return msg
