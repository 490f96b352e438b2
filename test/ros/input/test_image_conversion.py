"""Image messages to frames and back."""

from __future__ import annotations

import numpy as np
import pytest
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from facemesh_ros.image.encodings import LAYOUTS
from facemesh_ros.image.raw_image import ImageError
from facemesh_ros.ros.input.image_conversion import frame_from_msg, msg_from_bgr

WIDTH, HEIGHT = 10, 6


def random_msg(encoding: str) -> Image:
    """An image message of random bytes with padded rows."""
    layout = LAYOUTS[encoding]
    step = WIDTH * layout.pixel_bytes + 7
    rows = int(HEIGHT * layout.planes)
    random = np.random.default_rng(len(encoding))
    return Image(
        header=Header(frame_id='camera'),
        encoding=encoding,
        width=WIDTH,
        height=HEIGHT,
        step=step,
        data=random.integers(0, 256, rows * step, np.uint8).tobytes(),
    )


def test_written_and_read_again_an_image_is_the_same():
    bgr = np.random.default_rng(1).integers(0, 256, (7, 9, 3), np.uint8)
    msg = msg_from_bgr(bgr[:, ::-1], Header(frame_id='camera'))  # not contiguous
    assert (msg.encoding, msg.width, msg.height, msg.step) == ('bgr8', 9, 7, 27)
    np.testing.assert_array_equal(frame_from_msg(msg).image, bgr[:, ::-1])


def test_the_stamp_is_in_nanoseconds():
    msg = msg_from_bgr(np.zeros((2, 2, 3), np.uint8), Header())
    msg.header.stamp.sec, msg.header.stamp.nanosec = 1_700_000_000, 999_999_999
    assert frame_from_msg(msg).stamp_ns == 1_700_000_000_999_999_999


@pytest.mark.parametrize('encoding', LAYOUTS)
def test_a_short_buffer_is_refused(encoding):
    msg = random_msg(encoding)
    msg.data = msg.data[: len(msg.data) - 8]
    with pytest.raises(ImageError, match=encoding):
        frame_from_msg(msg)


def test_empty_data_is_refused():
    with pytest.raises(ImageError, match='0 bytes'):
        frame_from_msg(Image(encoding='bgr8', width=4, height=4, step=12))
