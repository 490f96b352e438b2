"""Strategies for messages: sound ones with one or more fields wrong, whole or damaged bytes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from facemesh_ros.image.encodings import ADVICE, BY_NAME
from hostile import cdr
from hostile.encoded import damaged, encoded_images

MAX_UINT32 = 2**32 - 1
uint32s = st.sampled_from((0, 1, 2, 3, 32766, 32767, 2**16, 2**31, MAX_UINT32)) | st.integers(
    0, MAX_UINT32
)
sides = st.integers(1, 40)
bytes_ = st.integers(0, 255)
floats = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from(
    (0.0, -1.0, 1e-320, 1e308, -1e308, 320.0)
)
seconds = st.sampled_from((-(2**31), -1, 0, 1, 2**31 - 1)) | st.integers(-(2**31), 2**31 - 1)
# With zeros inside, not UTF-8, control characters, very long.
texts = (
    st.binary(max_size=12)
    | st.sampled_from(
        (b'', b'\0', b'a\0b', b'\xff\xfe', b'\xed\xa0\x80', b'\x1b[2J\n', b'/', b'~', b' ' * 9)
    )
    | st.integers(1, 100_000).map(lambda length: b'x' * length)
)
encodings = st.sampled_from([name.encode() for name in (*BY_NAME, *ADVICE)])
headers = st.builds(cdr.Header, st.integers(0, 2**31 - 1), st.integers(0, 10**9 - 1))
hostile_headers = st.builds(cdr.Header, seconds, uint32s, texts | st.just(b'camera'))
WRONG: dict[str, SearchStrategy[Any]] = {
    'header': hostile_headers,
    'height': uint32s,
    'width': uint32s,
    'encoding': texts | encodings,
    'is_bigendian': bytes_,
    'step': uint32s,
    'data': st.binary(max_size=200),
    'announced': uint32s,
    'format': texts | st.sampled_from((b'png', b'webp', b'h264', b'16UC1; compressedDepth png')),
    'distortion_model': texts | st.sampled_from((b'', b'equidistant', b'rational_polynomial')),
    'd': st.lists(floats, max_size=15),
    'k': st.lists(floats, min_size=9, max_size=9),
    'r': st.lists(floats, min_size=9, max_size=9),
    'p': st.lists(floats, min_size=12, max_size=12),
    'binning': st.lists(uint32s, min_size=2, max_size=2),
    'roi': st.lists(uint32s, min_size=4, max_size=4),
    'do_rectify': bytes_,
}


@st.composite
def sound_images(draw: DrawFn, names: SearchStrategy[bytes] = encodings) -> cdr.RawImage:
    """Images whose fields agree, but for sides that their encoding may not have."""
    name, width, height = draw(names), draw(sides), draw(sides)
    layout = BY_NAME.get(name.decode())
    pixel_bytes, planes = (layout.pixel_bytes, layout.planes) if layout else (4, 1.0)
    columns = layout.columns if layout else 1
    step = -(-width // columns) * columns * pixel_bytes + draw(st.sampled_from((0, 0, 0, 1, 7)))
    rows = int(height * planes)
    data = draw(st.binary(min_size=4, max_size=64))
    return cdr.RawImage(
        draw(headers),
        height,
        width,
        name,
        draw(st.integers(0, 1)),
        step,
        (data * (rows * step // len(data) + 1))[: rows * step],
    )


sound_depths = sound_images(st.sampled_from((b'16UC1', b'32FC1', b'mono16')))
sound_compressed = st.builds(
    cdr.CompressedImage, headers, st.sampled_from((b'jpeg', b'png', b'')), encoded_images()
)


@st.composite
def sound_infos(draw: DrawFn) -> cdr.CameraInfo:
    """Calibrations of a 640x480 camera."""
    focal = draw(st.floats(100, 2000))
    k = (focal, 0.0, 319.5, 0.0, focal, 239.5, 0.0, 0.0, 1.0)
    p = (*k[:3], 0.0, *k[3:6], 0.0, *k[6:], 0.0)
    d = draw(st.lists(st.floats(-1, 1), min_size=5, max_size=5) | st.just([]))
    return cdr.CameraInfo(draw(headers), 480, 640, b'plumb_bob', d, k, p=p)


@st.composite
def wrong(draw: DrawFn, sound: SearchStrategy[Any]) -> Any:
    """Messages with up to three of their fields replaced."""
    msg = draw(sound)
    names = [one.name for one in fields(msg)]
    for name in draw(st.lists(st.sampled_from(names), max_size=3, unique=True)):
        value = draw(WRONG[name])
        setattr(msg, name, value)
    return msg


def _with_wrong_number(msg: Any, position: int, value: float) -> Any:
    content = bytearray(msg)
    position = cdr.HEADER_BYTES + position % max(1, len(content) - 12)
    content[position : position + 8] = struct.pack('<d', value)
    return bytes(content)


def serialised(sound: SearchStrategy[Any]) -> SearchStrategy[bytes]:
    """Bytes of messages: with wrong fields, damaged anywhere, or no message at all."""
    to_cdr: Callable[[Any], bytes] = lambda msg: msg.cdr()  # noqa: E731
    messages = wrong(sound).map(to_cdr)
    random = st.binary(max_size=120)
    return st.one_of(
        messages,
        messages,
        messages.flatmap(damaged),
        st.builds(_with_wrong_number, messages, st.integers(0, 500), floats),
        random,
        random.map(lambda rest: cdr.LITTLE_ENDIAN + rest),
    )


images = serialised(sound_images())
depths = serialised(sound_depths)
compressed_images = serialised(sound_compressed)
camera_infos = serialised(sound_infos())
