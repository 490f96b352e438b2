"""Hostile JPEG, PNG and WebP images: every kind that encoders write, and each of them damaged."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from PIL import Image

PNG_MAGIC = b'\x89PNG\r\n\x1a\n'


def picture(width: int = 24, height: int = 17) -> np.ndarray:
    """(height, width, 3) uint8, smooth."""
    small = np.random.default_rng(0).integers(0, 256, (5, 6, 3), np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def chunk(name: bytes, content: bytes) -> bytes:
    """Return a PNG chunk with a right checksum."""
    checksum = zlib.crc32(name + content)
    return struct.pack('>I', len(content)) + name + content + struct.pack('>I', checksum)


def png(width: int, height: int, depth: int, colour: int, rows: bytes, *more: bytes) -> bytes:
    """Return a PNG; `more` are chunks between its header and its pixels."""
    header = struct.pack('>IIBBBBB', width, height, depth, colour, 0, 0, 0)
    end = chunk(b'IDAT', zlib.compress(rows, 9)), chunk(b'IEND', b'')
    return PNG_MAGIC + chunk(b'IHDR', header) + b''.join((*more, *end))


def _saved(image: Image.Image, name: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, name, **options)
    return file.getvalue()


def _rgb() -> Image.Image:
    return Image.fromarray(picture())


def _exif(orientation: int) -> bytes:
    entry = struct.pack('<IHHHIIi', 8, 1, 0x0112, 3, 1, orientation, 0)
    return b'Exif\0\0II*\0' + entry


def _deep_png(colour: int, channels: int, *more: bytes) -> bytes:
    row = b'\0' + np.random.default_rng(1).bytes(2 * channels * 9)
    return png(9, 7, 16, colour, row * 7, *more)


# What decoders have a path of their own for.
ENCODERS: dict[str, Callable[[], bytes]] = {
    'jpeg': lambda: _saved(_rgb(), 'JPEG'),
    'jpeg grey': lambda: _saved(_rgb().convert('L'), 'JPEG'),
    'jpeg cmyk': lambda: _saved(_rgb().convert('CMYK'), 'JPEG'),
    'jpeg progressive': lambda: _saved(_rgb(), 'JPEG', progressive=True),
    'jpeg restarts': lambda: _saved(_rgb(), 'JPEG', restart_marker_rows=1),
    'jpeg subsampled': lambda: _saved(_rgb(), 'JPEG', subsampling=2),
    'jpeg exif': lambda: _saved(_rgb(), 'JPEG', exif=_exif(6)),
    'jpeg two pictures': lambda: _saved(_rgb(), 'MPO', save_all=True, append_images=[_rgb()]),
    'png': lambda: _saved(_rgb(), 'PNG'),
    'png grey': lambda: _saved(_rgb().convert('L'), 'PNG'),
    'png bilevel': lambda: _saved(_rgb().convert('1'), 'PNG'),
    'png palette': lambda: _saved(_rgb().convert('P'), 'PNG', transparency=3),
    'png transparent': lambda: _saved(_rgb().convert('RGBA'), 'PNG'),
    'png deep grey': lambda: _deep_png(0, 1),
    'png deep grey transparent': lambda: _deep_png(4, 2),
    'png deep colours': lambda: _deep_png(2, 3),
    'png deep transparent': lambda: _deep_png(6, 4),
    'png animated': lambda: _saved(_rgb(), 'PNG', save_all=True, append_images=[_rgb()]),
    'webp': lambda: _saved(_rgb(), 'WEBP'),
    'webp lossless': lambda: _saved(_rgb(), 'WEBP', lossless=True),
    'webp transparent': lambda: _saved(_rgb().convert('RGBA'), 'WEBP'),
    'webp animated': lambda: _saved(_rgb(), 'WEBP', save_all=True, append_images=[_rgb()]),
}


def _bomb() -> bytes:
    return png(32000, 32000, 1, 0, bytes(4001 * 1000))


def _huffman_of_ones() -> bytes:
    """A JPEG whose first Huffman table has more codes of each length than there can be."""
    content = bytearray(ENCODERS['jpeg']())
    start = content.index(b'\xff\xc4') + 5
    content[start : start + 16] = bytes([255] * 16)
    return bytes(content)


def _endless_scans() -> bytes:
    content = ENCODERS['jpeg progressive']()
    start = content.rindex(b'\xff\xda')
    return content[:start] + 300 * content[start:-2] + b'\xff\xd9'


def _false_profile() -> bytes:
    return chunk(b'iCCP', b'icc\0\0' + zlib.compress(b'no profile'))


# Smallest cases of what has broken decoders, here or elsewhere.
CORPUS: dict[str, Callable[[], bytes]] = {
    **ENCODERS,
    'bomb': _bomb,
    'impossible huffman table': _huffman_of_ones,
    'endless scans': _endless_scans,
    'compressed text bomb': lambda: png(
        1, 1, 8, 0, b'\0\0', chunk(b'zTXt', b'a\0\0' + zlib.compress(bytes(80_000_000), 9))
    ),
    'profile bomb': lambda: png(
        1, 1, 8, 0, b'\0\0', chunk(b'iCCP', b'a\0\0' + zlib.compress(bytes(80_000_000), 9))
    ),
    'animation without pictures': lambda: png(
        1, 1, 8, 0, b'\0\0', chunk(b'acTL', struct.pack('>II', 0, 0))
    ),
    'no side': lambda: png(0, 0, 8, 2, b''),
    'pixels missing': lambda: png(9, 7, 8, 2, b''),
    'deep with a false profile': lambda: _deep_png(2, 3, _false_profile()),
    'deep with a damaged text': lambda: _deep_png(2, 3, chunk(b'tEXt', b'')),
    'deep with a false palette': lambda: _deep_png(6, 4, chunk(b'PLTE', b'abcd')),
    'deep with a false gamma': lambda: _deep_png(2, 3, chunk(b'gAMA', b'\0' * 9)),
    'deep, two headers': lambda: _deep_png(2, 3, _deep_png(2, 3)[8:33]),
    'deep, cut short': lambda: _deep_png(2, 3)[:-20],
    'empty': lambda: b'',
    'start of image alone': lambda: b'\xff\xd8\xff',
    'riff alone': lambda: b'RIFF\xff\xff\xff\xffWEBPVP8X',
}


@cache
def content_of(name: str) -> bytes:
    """Return a file of the corpus."""
    return CORPUS[name]()


@st.composite
def _damaged(draw: DrawFn, content: bytes) -> bytes:
    """Return bytes with some of them changed, left out, doubled, or cut off."""
    changed = bytearray(content)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(changed)))
        kind = draw(st.sampled_from(('change', 'change', 'flip', 'leave out', 'insert', 'cut')))
        if kind == 'change':
            changed[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
        elif kind == 'flip' and at < len(changed):
            changed[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == 'leave out':
            del changed[at : at + draw(st.integers(1, 40))]
        elif kind == 'insert':
            changed[at:at] = changed[at : at + draw(st.integers(1, 40))] + draw(
                st.binary(max_size=9)
            )
        elif kind == 'cut' and draw(st.booleans()):
            del changed[at:]
    return bytes(changed)


def damaged(content: bytes) -> SearchStrategy[bytes]:
    """Return a strategy of what damage makes of bytes."""
    return _damaged(content)


def _with_right_checksums(content: bytes) -> bytes:
    """Return a PNG whose checksums are those of what is in it now, so that decoders go on."""
    if not content.startswith(PNG_MAGIC):
        return content
    at, parts = len(PNG_MAGIC), [PNG_MAGIC]
    while at + 12 <= len(content):
        (length,) = struct.unpack('>I', content[at : at + 4])
        length = min(length, len(content) - at - 12)
        parts.append(chunk(content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
        at += length + 12
    return b''.join(parts)


def encoded_images() -> SearchStrategy[bytes]:
    """Return a strategy of encoded images: sound ones, the corpus, and each of them damaged."""
    small = [name for name in CORPUS if name not in ('bomb', 'endless scans')]
    files = st.sampled_from(small).map(content_of)
    broken = files.flatmap(damaged)
    return st.one_of(files, broken, broken.map(_with_right_checksums), st.binary(max_size=60))
