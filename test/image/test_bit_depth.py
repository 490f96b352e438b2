"""Conversion of 16 bits to 8 over a stream: scaled by the sensor's bit depth, without jumps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.image.bit_depth import (
    IMAGES_UNTIL_FEWER_BITS,
    StreamBitDepth,
    bits_in_use,
    uint8_from_uint16,
)


def image(largest: int) -> np.ndarray:
    values = np.full((4, 6), largest // 2, np.uint16)
    values[1, 2] = largest
    return values


@given(st.integers(0, 65535))
def test_a_value_is_as_bright_as_its_share_of_the_sensors_range(largest):
    bits = bits_in_use(image(largest))
    assert largest < 2**bits
    assert bits == 8 or largest >= 2 ** (bits - 2)
    to_uint8 = uint8_from_uint16(image(largest))
    assert abs(to_uint8[1, 2] - 255 * largest / (2**bits - 1)) <= 0.5


def test_a_sensor_of_12_bits_stays_one_in_dark_images():
    stream = StreamBitDepth()
    assert stream.to_uint8(image(4095)).max() == 255
    for _ in range(IMAGES_UNTIL_FEWER_BITS - 1):
        assert stream.to_uint8(image(1023)).max() == 64  # a quarter as bright, as it was seen


def test_brightness_does_not_jump_while_a_bright_spot_comes_and_goes():
    stream = StreamBitDepth()
    stream.to_uint8(image(4000))
    for number in range(5 * IMAGES_UNTIL_FEWER_BITS):
        seen = stream.to_uint8(image(4000 if number % 50 == 0 else 900))
        assert seen[0, 0] == pytest.approx(255 * (2000 if number % 50 == 0 else 450) / 4095, abs=1)


def test_one_damaged_image_does_not_darken_the_stream_for_good():
    stream = StreamBitDepth()
    stream.to_uint8(image(1023))
    stream.to_uint8(image(65535))
    seen = [stream.to_uint8(image(1023)).max() for _ in range(IMAGES_UNTIL_FEWER_BITS)]
    assert seen[0] == 4
    assert seen[-1] == 255


def test_reset_forgets_everything():
    stream = StreamBitDepth()
    stream.to_uint8(image(65535))
    stream.reset()
    assert stream.to_uint8(image(1023)).max() == 255


@pytest.mark.parametrize('dtype', ['<u2', '>u2'])
def test_rows_may_be_padded_by_a_byte(dtype):
    buffer = np.random.default_rng(0).integers(0, 256, 7 * 21, np.uint8)
    values = np.ndarray((7, 10), dtype, buffer, strides=(21, 2))
    expected = np.rint(values.astype(float) * 255 / 65535)
    assert np.abs(uint8_from_uint16(values, 16) - expected).max() <= 0.5
