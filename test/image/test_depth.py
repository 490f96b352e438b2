"""Depth images: every layout of one scene gives the same metres, and all else a reason."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.image.depth import depth_from_raw
from facemesh_ros.image.raw_image import ImageError, RawImage

MM = np.array([[0, 1, 500], [1234, 40_000, 65_535]], np.uint16)


def raw(values, encoding, padding=0, big_endian=False) -> RawImage:
    dtype = values.dtype.newbyteorder('>' if big_endian else '<')
    rows = [row.astype(dtype).tobytes() + b'\xff' * padding for row in values]
    height, width = values.shape
    buffer = np.frombuffer(b''.join(rows), np.uint8)
    return RawImage(encoding, width, height, len(rows[0]), big_endian, buffer)


@pytest.mark.parametrize('big_endian', [False, True])
@pytest.mark.parametrize('padding', [0, 1, 6])
@pytest.mark.parametrize('encoding', ['16UC1', 'mono16', '32FC1', ' 16uc1'])
def test_every_layout_gives_metres(encoding, padding, big_endian):
    values = MM if '16' in encoding else (MM / 1000).astype(np.float32)
    depth_m = depth_from_raw(raw(values, encoding, padding, big_endian))
    assert depth_m.dtype == np.float32
    assert depth_m.dtype.isnative
    assert depth_m == pytest.approx(MM / 1000, rel=1e-6)


def test_what_is_not_known_stays_so():
    values = np.array([[math.nan, math.inf, -1, 0]], np.float32)
    depth_m = depth_from_raw(raw(values, '32FC1'))
    assert np.array_equal(depth_m, values, equal_nan=True)


@pytest.mark.parametrize(
    ('changed', 'reason'),
    [
        ({'encoding': 'bgr8'}, "16UC1 .mm. or 32FC1 .m., REP 118, not 'bgr8'.*registered"),
        ({'encoding': ''}, "not ''"),
        ({'encoding': '16UC1\x00'}, 'not'),
        ({'encoding': '32FC1'}, 'step is 6 bytes, a row needs 12'),
        ({'width': 0}, 'each side must be 1 to'),
        ({'height': 2**31}, 'each side must be 1 to'),
        ({'width': 4}, 'step is 6 bytes, a row needs 8'),
        ({'height': 3}, 'data has 12 bytes, step and size need 18'),
        ({'buffer': np.empty(0, np.uint8)}, 'data has 0 bytes'),
    ],
)
def test_what_is_no_depth_image_is_refused_with_the_reason(changed, reason):
    with pytest.raises(ImageError, match=reason):
        depth_from_raw(replace(raw(MM, '16UC1'), **changed))


@given(
    st.sampled_from(['16UC1', '32FC1', 'mono16', 'x']),
    *[st.integers(0, 70)] * 3,
    st.booleans(),
    st.binary(max_size=4000),
)
def test_any_message_gives_an_image_of_its_size_or_a_reason(
    encoding, width, height, step, big_endian, content
):
    buffer = np.frombuffer(content, np.uint8)
    try:
        depth_m = depth_from_raw(RawImage(encoding, width, height, step, big_endian, buffer))
    except ImageError:
        return
    assert depth_m.shape == (height, width)
