"""Encoded images against OpenCV's encoders and files that this file writes byte by byte."""

from __future__ import annotations

import contextlib
import io
import struct
import subprocess
import sys
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from facemesh_ros.image.encoded_image import (
    FILE_FORMATS,
    ImageTooLargeError,
    bgr_from_encoded,
    pixels_from_encoded,
)
from facemesh_ros.image.raw_image import ImageError

LIMIT = 10**6
EXACT = {'.png': [], '.webp': [cv2.IMWRITE_WEBP_QUALITY, 101]}
EXACT_FILES = {**EXACT, '.bmp': [], '.ppm': [], '.tiff': []}
LOSSY = {
    '.jpg': [],
    '.jpeg': [cv2.IMWRITE_JPEG_PROGRESSIVE, 1],
    '.webp': [cv2.IMWRITE_WEBP_QUALITY, 90],
}
sides = st.integers(1, 70)


def picture(width=40, height=30) -> np.ndarray:
    """Smooth colours, so that lossy formats keep them."""
    small = np.random.default_rng(0).integers(0, 256, (5, 6, 3), np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def encoded(bgr, suffix, options=()) -> bytes:
    done, content = cv2.imencode(suffix, bgr, list(options))
    assert done
    return content.tobytes()


def bgr_of(content, *, limit=LIMIT, exif=False, **formats):
    return bgr_from_encoded(content, max_pixels=limit, apply_exif=exif, **formats)


def with_segment(jpeg: bytes, marker: int, payload: bytes) -> bytes:
    """A JPEG with another segment behind its start."""
    return jpeg[:2] + struct.pack('>BBH', 0xFF, marker, len(payload) + 2) + payload + jpeg[2:]


def exif(orientation: int) -> bytes:
    """TIFF structure with the orientation alone, as the EXIF standard has it."""
    return b'II*\0' + struct.pack('<IHHHIIi', 8, 1, 0x0112, 3, 1, orientation, 0)


def chunk(name: bytes, content: bytes) -> bytes:
    return (
        struct.pack('>I', len(content))
        + name
        + content
        + struct.pack('>I', zlib.crc32(name + content))
    )


def png(width, height, depth=8, colour=2, rows: bytes = b'') -> bytes:
    header = struct.pack('>IIBBBBB', width, height, depth, colour, 0, 0, 0)
    parts = chunk(b'IHDR', header), chunk(b'IDAT', zlib.compress(rows, 9)), chunk(b'IEND', b'')
    return b'\x89PNG\r\n\x1a\n' + b''.join(parts)


@pytest.mark.parametrize('suffix', EXACT_FILES)
@given(width=sides, height=sides)
def test_lossless_formats_keep_every_pixel(suffix, width, height):
    bgr = picture(width, height)
    content = encoded(bgr, suffix, EXACT_FILES[suffix])
    decoded = bgr_of(memoryview(content), formats=FILE_FORMATS)
    assert np.array_equal(decoded, bgr)
    assert decoded.flags.writeable
    assert decoded.flags.c_contiguous


@pytest.mark.parametrize('suffix', LOSSY)
@given(width=sides, height=sides)
def test_lossy_formats_are_decoded_as_opencv_does(suffix, width, height):
    content = encoded(picture(width, height), '.jpg' if 'j' in suffix else suffix, LOSSY[suffix])
    by_opencv = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(bgr_of(content).astype(int) - by_opencv).max() <= 3


@pytest.mark.parametrize('suffix', ['.png', '.webp'])
def test_transparency_is_left_out(suffix):
    bgra = np.dstack([picture(), np.full((30, 40), 255, np.uint8)])
    bgra[:, :10, 3] = 128
    content = encoded(bgra, suffix, EXACT[suffix])
    assert np.array_equal(bgr_of(content), bgra[..., :3])


@pytest.mark.parametrize('shape', [(30, 40), (30, 40, 3), (30, 40, 4)])
def test_grey_stays_grey_and_16_bits_stay_16(shape):
    deep = np.random.default_rng(1).integers(0, 65536, shape, np.uint16)
    for image in (deep, (deep >> 8).astype(np.uint8)):
        pixels = pixels_from_encoded(encoded(image, '.png'), max_pixels=LIMIT, apply_exif=False)
        assert pixels.dtype == image.dtype
        assert np.array_equal(pixels, image[..., :3] if len(shape) > 2 else image)


def test_a_12_bit_picture_is_as_bright_as_its_8_bits():
    bgr = picture()
    bgr[0, 0] = 255
    deep = np.rint(bgr * (4095 / 255)).astype(np.uint16)
    assert np.array_equal(bgr_of(encoded(deep, '.png')), bgr)
    grey = bgr_of(encoded(deep[..., 0], '.png'))
    assert np.array_equal(grey, np.repeat(bgr[..., :1], 3, axis=2))


TURNED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
    8: lambda a: np.rot90(a),
}


@pytest.mark.parametrize('orientation', TURNED)
def test_exif_orientation_applies_to_files_and_not_to_streams(orientation):
    """Orientations as the EXIF standard lists them: 6 is shown a quarter turn clockwise."""
    stored = picture()
    plain = encoded(stored, '.jpg')
    jpeg = with_segment(plain, 0xE1, b'Exif\0\0' + exif(orientation))
    lossless = encoded(stored, '.png')
    end = len(lossless) - 12
    with_exif = lossless[:end] + chunk(b'eXIf', exif(orientation)) + lossless[end:]
    for content, original in ((jpeg, bgr_of(plain)), (with_exif, stored)):
        assert np.array_equal(bgr_of(content, exif=False), original)
        assert np.array_equal(bgr_of(content, exif=True), TURNED[orientation](original))


@pytest.mark.filterwarnings('ignore:Corrupt EXIF')
def test_damaged_exif_is_ignored():
    plain = encoded(picture(), '.jpg')
    for payload in (b'Exif\0\0', b'Exif\0\0II*\0\xff\xff\xff\xff', b'Exif\0\0' + bytes(40)):
        assert np.array_equal(bgr_of(with_segment(plain, 0xE1, payload), exif=True), bgr_of(plain))


def jpeg_that_claims(width, height) -> bytes:
    content = bytearray(encoded(picture(), '.jpg'))
    start = content.index(b'\xff\xc0') + 5
    content[start : start + 4] = struct.pack('>HH', height, width)
    # Behind more than one large segment.
    segment = b'http://ns.adobe.com/' + bytes(65000)
    return with_segment(with_segment(bytes(content), 0xE1, segment), 0xE2, segment)


def lossless_webp_that_claims(width, height) -> bytes:
    content = bytearray(encoded(picture(), '.webp', EXACT['.webp']))
    start = content.index(b'VP8L') + 9
    bits = int.from_bytes(content[start : start + 4], 'little') >> 28 << 28
    content[start : start + 4] = (bits | height - 1 << 14 | width - 1).to_bytes(4, 'little')
    return bytes(content)


def extended_webp_that_claims(width, height) -> bytes:
    size = (width - 1).to_bytes(3, 'little') + (height - 1).to_bytes(3, 'little')
    body = lossless_webp_that_claims(width, height)[12:]
    content = b'WEBPVP8X' + struct.pack('<I', 10) + bytes(4) + size + body
    return b'RIFF' + struct.pack('<I', len(content)) + content


def lossy_webp_that_claims(width, height) -> bytes:
    content = bytearray(encoded(picture(), '.webp', LOSSY['.webp']))
    start = content.index(b'\x9d\x01\x2a') + 3
    content[start : start + 4] = struct.pack('<HH', width, height)
    return bytes(content)


HUGE = 12000, 11000
LYING = {
    'JPEG': jpeg_that_claims,
    'PNG': png,
    'WEBP lossy': lossy_webp_that_claims,
    'WEBP lossless': lossless_webp_that_claims,
    'WEBP extended': extended_webp_that_claims,
    'PPM': lambda width, height: b'P6 %d %d 255\n' % (width, height),
    'BMP': lambda width, height: (
        b'BM'
        + struct.pack('<IHHIIiiHHIIiiII', 54, 0, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    ),
    'GIF': lambda width, height: (
        b'GIF89a%b\0\0\0,\0\0\0\0%b\0\2\0;' % (2 * (struct.pack('<HH', width, height),))
    ),
}


@pytest.mark.parametrize('name', LYING)
def test_the_size_in_the_header_is_refused_before_anything_is_decoded(name):
    content = LYING[name](*HUGE)
    with pytest.raises(ImageTooLargeError, match=r'12000x11000.*132.0 megapixels.*limit of 1$'):
        bgr_of(content, formats=FILE_FORMATS)


def test_a_small_file_of_a_huge_picture_costs_nothing():
    """125 kB that would take gigabytes; in a process of its own, whose memory is limited."""
    code = (
        'import resource, struct, sys, zlib\n'
        'from facemesh_ros.image.encoded_image import *\n'
        'used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n'
        'try:\n'
        '    bgr_from_encoded(sys.stdin.buffer.read(), max_pixels=40_000_000, apply_exif=True)\n'
        'except ImageTooLargeError as error:\n'
        '    print(error)\n'
        'print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used < 50_000)\n'
    )
    content = png(32000, 32000, depth=1, colour=0, rows=bytes(4001 * 32000))
    assert len(content) < 200_000
    done = subprocess.run([sys.executable, '-c', code], input=content, capture_output=True)
    assert done.stdout.decode().splitlines() == [
        'PNG image of 32000x32000 px has 1024.0 megapixels, more than the limit of 40',
        'True',
    ]


def test_the_limit_itself_is_allowed():
    content = encoded(picture(), '.png')
    assert bgr_of(content, limit=1200).shape == (30, 40, 3)
    with pytest.raises(ImageTooLargeError):
        bgr_of(content, limit=1199)


def test_a_side_that_no_crop_can_address_is_refused():
    with pytest.raises(ImageError, match='each side must be 1 to 32766'):
        bgr_of(png(33000, 2), limit=LIMIT)


def test_only_the_formats_that_are_asked_for_reach_a_decoder():
    for name in ('BMP', 'PPM', 'TIFF', 'GIF', 'JPEG2000'):
        file = io.BytesIO()
        Image.fromarray(picture(80, 70)).save(file, name)
        content = file.getvalue()
        with pytest.raises(ImageError, match='JPEG, PNG, WEBP'):
            bgr_of(content)
        assert bgr_of(content, formats=FILE_FORMATS).shape == (70, 80, 3)


def test_a_jpeg_may_lack_its_end_or_have_more_behind_it():
    whole = encoded(picture(), '.jpg')
    for content in (whole[:-2], whole[:-2] + bytes(999), whole + bytes(999)):
        assert np.array_equal(bgr_of(content), bgr_of(whole))


def test_a_jpeg_of_endless_scans_is_refused():
    progressive = encoded(picture(), '.jpg', LOSSY['.jpeg'])
    start = progressive.rindex(b'\xff\xda')
    content = progressive[:start] + 200 * progressive[start:-2] + b'\xff\xd9'
    with pytest.raises(ImageError, match='more than 100 scans'):
        bgr_of(content)


@pytest.mark.parametrize('content', [b'', b'\0', b'\xff\xd8', b'\xff\xd8\xff', b'RIFF', b'hello'])
def test_other_bytes_are_refused(content):
    with pytest.raises(ImageError, match=f'{len(content)} bytes'):
        bgr_of(content)


SAMPLES = {suffix: encoded(picture(), suffix) for suffix in ('.jpg', '.png', '.webp')}


@pytest.mark.parametrize('suffix', SAMPLES)
def test_a_file_cut_short_is_refused(suffix):
    content = SAMPLES[suffix]
    for length in range(1, len(content) * 3 // 4, 7):
        with pytest.raises(ImageError):
            bgr_of(content[:length])


@pytest.mark.parametrize('suffix', SAMPLES)
@given(seed=st.integers(0, 10**6))
def test_damage_gives_an_image_or_an_image_error_and_no_line_in_the_log(suffix, seed):
    random = np.random.default_rng(seed)
    content = bytearray(SAMPLES[suffix])
    for position in random.integers(0, len(content), random.integers(1, 9)):
        content[position] = random.integers(0, 256)
    for formats in ({}, {'formats': FILE_FORMATS}):
        try:
            decoded = bgr_of(bytes(content), exif=True, **formats)
        except ImageError:
            continue
        assert decoded.dtype == np.uint8
        assert decoded.ndim == 3


def test_libjpeg_and_libpng_write_nothing_to_the_log(capfd):
    """They would write past Python, on bit errors, garbage and truncated files."""
    jpeg = encoded(picture(200, 150), '.jpg')
    body = len(jpeg) - 500
    damaged = [
        jpeg[:body] + b'\x12\x34\x56' + jpeg[body + 3 :],
        jpeg[:-2] + b'rubbish' + jpeg[-2:],
        jpeg[:body] + jpeg[-2:],
        jpeg[:body],
    ]
    at = SAMPLES['.png'].index(b'IDAT')
    damaged.append(SAMPLES['.png'][: at + 20] + b'\0\0\0' + SAMPLES['.png'][at + 23 :])
    profile = chunk(b'iCCP', b'icc\0\0' + zlib.compress(b'no profile'))
    damaged.append(SAMPLES['.png'][:33] + profile + SAMPLES['.png'][33:])
    decoded = 0
    for content in damaged:
        with contextlib.suppress(ImageError):
            decoded += bgr_of(content).size > 0
    assert decoded >= 3
    assert capfd.readouterr() == ('', '')
