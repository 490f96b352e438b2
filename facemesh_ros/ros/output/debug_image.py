"""The annotated image as messages: pixels, or a JPEG of them."""

from __future__ import annotations

import array

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image

from facemesh_ros.ros.input.image_conversion import msg_from_bgr
from facemesh_ros.ros.output.image_result import ImageResult

# As compressed_image_transport says it, so that image_transport's subscribers know the channels.
JPEG_FORMAT = 'bgr8; jpeg compressed bgr8'
# 1280x720 in 150 kB and 2.4 ms; 95, OpenCV's default, takes 215 kB and 5 ms, and looks the same.
JPEG_QUALITY = 90


def raw_msg(result: ImageResult) -> Image:
    """Build the annotated image, bgr8."""
    return msg_from_bgr(result.drawing, result.header)


def compressed_msg(result: ImageResult) -> CompressedImage:
    """Build the same as a JPEG."""
    _, jpeg = cv2.imencode('.jpg', result.drawing, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    msg = CompressedImage(header=result.header, format=JPEG_FORMAT)
    # From an array.array: assigning bytes would check each of them.
    msg.data = array.array('B')
    msg.data.frombytes(memoryview(np.ascontiguousarray(jpeg)).cast('B'))
    return msg
