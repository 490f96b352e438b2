"""Compressed image messages as cameras and image_transport write them."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage

from facemesh_ros.image.bit_depth import StreamBitDepth
from facemesh_ros.image.raw_image import ImageError
from facemesh_ros.ros.input.image_conversion import frame_from_msg
from facemesh_ros.types import PixelOrder

GREY = np.random.default_rng(0).integers(0, 256, (21, 30), np.uint8)
BGR = np.dstack([GREY, GREY[::-1], GREY[:, ::-1]])


def encoded(image: np.ndarray, suffix: str) -> bytes:
    return cv2.imencode(suffix, image)[1].tobytes()


def compressed(format_: str, content: bytes) -> CompressedImage:
    return CompressedImage(format=format_, data=content)


@pytest.mark.parametrize(
    'format_', ['png', 'bgr8; png compressed bgr8', 'rgb8; jpeg compressed bgr8']
)
def test_colours_are_those_of_the_file_whatever_the_format_says(format_):
    frame = frame_from_msg(compressed(format_, encoded(BGR, '.png')))
    assert frame.order is PixelOrder.BGR
    assert np.array_equal(frame.image, BGR)


def test_grey_images_stay_grey():
    frame = frame_from_msg(compressed('mono8; png compressed ', encoded(GREY, '.png')))
    assert frame.order is PixelOrder.MONO
    assert np.array_equal(frame.image, GREY)


@pytest.mark.parametrize('format_', ['png', 'mono16; png compressed '])
def test_16_bits_are_scaled_by_those_that_the_stream_uses(format_):
    stream = StreamBitDepth()
    grey = GREY.astype(np.uint16) * 16
    grey[0, 0] = 4095
    bright = compressed(format_, encoded(grey, '.png'))
    dark = compressed(format_, encoded(grey // 16, '.png'))
    frame = frame_from_msg(bright, to_8_bits=stream.to_uint8)
    assert np.abs(frame.image - grey * (255 / 4095)).max() <= 0.5
    assert frame_from_msg(dark, to_8_bits=stream.to_uint8).image.max() == 16


@pytest.mark.parametrize('bits', [8, 16])
@pytest.mark.parametrize(
    ('pattern', 'places'), {'rggb': 'RGGB', 'bggr': 'BGGR', 'gbrg': 'GBRG', 'grbg': 'GRBG'}.items()
)
def test_a_bayer_mosaic_is_converted_and_a_converted_one_is_not(pattern, places, bits):
    levels = {'R': 200, 'G': 90, 'B': 255}
    mosaic = np.empty((21, 30), np.uint8)
    for place, colour in enumerate(places):
        mosaic[place // 2 :: 2, place % 2 :: 2] = levels[colour]
    deep = mosaic if bits == 8 else np.uint16(mosaic) * 257
    frame = frame_from_msg(
        compressed(f'bayer_{pattern}{bits}; png compressed ', encoded(deep, '.png'))
    )
    assert (frame.image == (255, 90, 200)).all()
    done = compressed(f'bayer_{pattern}{bits}; jpeg compressed bgr8', encoded(BGR, '.png'))
    assert np.array_equal(frame_from_msg(done).image, BGR)


def test_exif_does_not_turn_a_stream():
    """A driver's raw image and its compressed one show the same, pixel by pixel."""
    exif = b'Exif\0\0II*\0' + struct.pack('<IHHHIIi', 8, 1, 0x0112, 3, 1, 6, 0)
    jpeg = encoded(BGR, '.jpg')
    turned = jpeg[:2] + struct.pack('>BBH', 0xFF, 0xE1, len(exif) + 2) + exif + jpeg[2:]
    same = frame_from_msg(compressed('jpeg', jpeg))
    assert np.array_equal(frame_from_msg(compressed('jpeg', turned)).image, same.image)
    assert same.image_wh == (30, 21)


PNG16 = encoded(GREY.astype(np.uint16), '.png')


@pytest.mark.parametrize(
    ('format_', 'content', 'remedy'),
    [
        ('16UC1; png compressed ', PNG16, 'distances.*colour or infrared image'),
        ('16UC1; compressedDepth png', bytes(12) + PNG16, 'distances'),
        ('32FC1; compressedDepth png', bytes(12) + PNG16, 'distances'),
        ('16UC1; compressedDepth rvl', bytes(99), 'distances'),
        ('compressedDepth', bytes(12) + PNG16, 'distances.*colour or infrared image'),
        ('rgb8; tiff compressed ', encoded(BGR, '.tiff'), "publisher's `format` to jpeg or png"),
        ('bmp', encoded(BGR, '.bmp'), 'jpeg or png'),
        ('h264', b'\0\0\0\1\x67' + bytes(99), 'part of a video.*republish'),
        ('hevc', b'\0\0\0\1\x40' + bytes(99), 'part of a video'),
        ('jpeg', b'', '0 bytes'),
        ('jpeg', b'no image', '8 bytes is no JPEG, PNG, WEBP'),
        ('jpeg', encoded(BGR, '.jpg')[:700], 'damaged JPEG'),
    ],
)
def test_what_cannot_be_decoded_is_refused_with_the_remedy(format_, content, remedy):
    with pytest.raises(ImageError, match=remedy) as error:
        frame_from_msg(compressed(format_, content))
    assert repr(format_) in str(error.value)


def test_the_limit_is_named_with_its_parameter():
    msg = compressed('png', encoded(np.zeros((1500, 2000), np.uint8), '.png'))
    assert frame_from_msg(msg, max_megapixels=3.0).image_wh == (2000, 1500)
    with pytest.raises(ImageError, match=r"'png'.*2000x1500.*limit of 2.9; max_image_megapixels"):
        frame_from_msg(msg, max_megapixels=2.9)
