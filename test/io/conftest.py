"""Pictures to write into files, and videos whose times are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest


def ebml(element: str, content: bytes) -> bytes:
    """An element of Matroska (RFC 8794): id, size in eight bytes, content."""
    return bytes.fromhex(element) + (len(content) | 1 << 56).to_bytes(8, 'big') + content


def number(value: int) -> bytes:
    return value.to_bytes(4, 'big')


@pytest.fixture(scope='session')
def picture() -> Callable[..., np.ndarray]:
    """Smooth, so that a lossy codec leaves it nearly as it is."""

    def smooth(level: int = 90, image_wh: tuple[int, int] = (64, 48)) -> np.ndarray:
        width, height = image_wh
        blue = np.tile(np.linspace(level, level + 60, width), (height, 1))
        rest = np.full((height, width), level)
        return np.dstack([blue, rest, rest]).astype(np.uint8)

    return smooth


@pytest.fixture(scope='session')
def write_matroska(picture) -> Callable[[Path, Sequence[int]], None]:
    """Write a .mkv of one JPEG for each of the times in ms, without any rate in its header."""

    def write(path: Path, times_ms: Sequence[int]) -> None:
        width_height = ebml('b0', number(64)) + ebml('ba', number(48))
        track = (
            ebml('d7', number(1))
            + ebml('73c5', number(1))
            + ebml('83', number(1))
            + ebml('86', b'V_MJPEG')
            + ebml('e0', width_height)
        )
        clusters = b''
        for index, time_ms in enumerate(times_ms):
            jpeg = cv2.imencode('.jpg', picture(10 * index))[1].tobytes()
            # Track 1, no time beyond the cluster's, a key frame.
            block = ebml('a3', b'\x81\x00\x00\x80' + jpeg)
            clusters += ebml('1f43b675', ebml('e7', number(time_ms)) + block)
        info = ebml('2ad7b1', number(1_000_000)) + ebml('4d80', b'test') + ebml('5741', b'test')
        head = ebml('4282', b'matroska') + ebml('4287', number(4)) + ebml('4285', number(2))
        content = ebml('1549a966', info) + ebml('1654ae6b', ebml('ae', track)) + clusters
        path.write_bytes(ebml('1a45dfa3', head) + ebml('18538067', content))

    return write
