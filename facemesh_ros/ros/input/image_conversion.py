"""Images between ROS messages and frames, through cv_bridge where a ROS install has it."""

from __future__ import annotations

import array
from functools import partial
from types import ModuleType

import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from facemesh_ros.image.bit_depth import uint8_from_uint16
from facemesh_ros.image.encodings import LAYOUTS, Layout
from facemesh_ros.image.raw_image import RawImage, To8Bits, frame_from_raw, rows_from_raw
from facemesh_ros.ros.input.cdr_image import AnyCompressedImage, AnyImage, CdrCompressedImage
from facemesh_ros.ros.input.compressed_image import frame_from_compressed
from facemesh_ros.ros.parameters import NodeSettings
from facemesh_ros.types import Frame, UInt8


def _imported_cv_bridge() -> ModuleType | None:
    try:
        import cv_bridge
    except (ImportError, AttributeError):  # AttributeError: built for another numpy
        return None
    return cv_bridge


CV_BRIDGE = _imported_cv_bridge()
MAX_MEGAPIXELS = NodeSettings().max_image_megapixels


def frame_from_msg(
    msg: AnyImage | AnyCompressedImage,
    *,
    max_megapixels: float = MAX_MEGAPIXELS,
    to_8_bits: To8Bits = uint8_from_uint16,
) -> Frame:
    """Read an image message.

    Args:
        msg: The message.
        max_megapixels: Larger compressed images are refused.
        to_8_bits: Scales channels of 16 bits.

    Raises:
        ImageError: If the encoding is not supported or the message is malformed.
    """
    stamp_ns = ns_from_stamp(msg.header)
    if isinstance(msg, (CompressedImage, CdrCompressedImage)):
        return frame_from_compressed(msg, stamp_ns, int(max_megapixels * 1e6), to_8_bits)
    return frame_from_raw(raw_from_msg(msg), stamp_ns, partial(_rows, msg), to_8_bits)


def ns_from_stamp(header: Header) -> int:
    """Return a header's stamp in ns."""
    return int(header.stamp.sec * 10**9 + header.stamp.nanosec)


def raw_from_msg(msg: AnyImage) -> RawImage:
    """View an image message's buffer and numbers; nothing is copied."""
    buffer = np.frombuffer(msg.data, np.uint8)
    return RawImage(msg.encoding, msg.width, msg.height, msg.step, bool(msg.is_bigendian), buffer)


def _rows(msg: AnyImage, raw: RawImage, layout: Layout) -> np.ndarray:
    if CV_BRIDGE is None or not _suits_cv_bridge(raw, layout):
        return rows_from_raw(raw, layout)
    try:
        rows: np.ndarray = CV_BRIDGE.CvBridge().imgmsg_to_cv2(msg, 'passthrough')
    except CV_BRIDGE.CvBridgeError:  # an encoding that is younger than this cv_bridge
        return rows_from_raw(raw, layout)
    return rows


def _suits_cv_bridge(raw: RawImage, layout: Layout) -> bool:
    """Tell whether cv_bridge reads an image right.

    It shears rows that are padded by a fraction of a pixel, knows no colour plane of its own and
    no other spelling, cuts colours that two pixels share, and with numpy 2 fails on swapped bytes.
    """
    plain = layout.planes == 1 and layout.depth == 1 and raw.encoding in LAYOUTS
    return plain and raw.step % layout.pixel_bytes == 0 and raw.width % layout.columns == 0


def msg_from_bgr(image: UInt8, header: Header) -> Image:
    """Write an image (H, W, 3) as a bgr8 message."""
    if CV_BRIDGE is not None:
        return CV_BRIDGE.CvBridge().cv2_to_imgmsg(image, 'bgr8', header)
    msg = Image(header=header, encoding='bgr8', height=image.shape[0], width=image.shape[1])
    msg.step = 3 * msg.width
    # From an array.array: assigning bytes would check each of them.
    msg.data = array.array('B')
    msg.data.frombytes(memoryview(np.ascontiguousarray(image)).cast('B'))
    return msg
