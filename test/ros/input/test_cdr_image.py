"""Serialised image messages read in place give what rclpy reads in them."""

from __future__ import annotations

import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from facemesh_ros.image.raw_image import ImageError
from facemesh_ros.ros.input.cdr_image import read_image

texts = st.text(max_size=20).filter(lambda text: '\0' not in text)
sizes = st.integers(0, 2**32 - 1)
contents = st.binary(max_size=40)


@st.composite
def headers(draw):
    header = Header(frame_id=draw(texts))
    header.stamp.sec = draw(st.integers(-(2**31), 2**31 - 1))
    header.stamp.nanosec = draw(sizes)
    return header


def same(received, msg):
    for name in msg.get_fields_and_field_types():
        wanted, found = getattr(msg, name), getattr(received, name)
        if name == 'data':
            wanted, found = bytes(wanted), bytes(found)
        assert found == wanted, name


@given(headers(), sizes, sizes, texts, st.integers(0, 255), sizes, contents)
def test_every_image_is_read_as_it_was_sent(header, height, width, encoding, big, step, data):
    msg = Image(
        header=header,
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=big,
        step=step,
        data=array.array('B', data),
    )
    same(read_image(Image, serialize_message(msg)), msg)


@given(headers(), texts, contents)
def test_every_compressed_image_is_read_as_it_was_sent(header, form, data):
    msg = CompressedImage(header=header, format=form, data=array.array('B', data))
    same(read_image(CompressedImage, serialize_message(msg)), msg)


def test_the_pixels_are_not_copied():
    msg = Image(height=1, width=4, encoding='mono8', step=4, data=array.array('B', [1, 2, 3, 4]))
    content = serialize_message(msg)
    seen = np.frombuffer(read_image(Image, content).data, np.uint8)
    assert seen.tolist() == [1, 2, 3, 4]
    assert np.shares_memory(seen, np.frombuffer(content, np.uint8))


@pytest.mark.parametrize('kind', [Image, CompressedImage])
def test_a_truncated_message_is_refused(kind):
    content = serialize_message(kind(header=Header(frame_id='camera'), data=array.array('B', [7])))
    for length in range(4, len(content) - 4):
        with pytest.raises(ImageError, match='damaged'):
            read_image(kind, content[:length])


def test_the_other_byte_order_is_read_too():
    numbers = (
        b'\0\0\0\0'
        b'\0\0\0\5'
        b'\0\0\0\6'  # stamp
        b'\0\0\0\2'
        b'a\0'
        b'\0\0'  # frame_id, and up to a multiple of 4
        b'\0\0\0\2'
        b'b\0'
        b'\0\0'  # format
        b'\0\0\0\1'
        b'\7'
    )
    received = read_image(CompressedImage, numbers)
    assert (received.header.stamp.sec, received.header.stamp.nanosec) == (5, 6)
    assert (received.header.frame_id, received.format) == ('a', 'b')
    assert bytes(received.data) == b'\7'
