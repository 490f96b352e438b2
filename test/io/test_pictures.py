"""Pictures from files that are fine, and from files that are not."""

from __future__ import annotations

import os
import resource
import socket
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, features

from facemesh_ros.io import (
    MediaError,
    UnreadableError,
    count_pictures,
    image_from_file,
    is_video,
    pictures_from_file,
    readable_name,
    write_picture,
)

EXIF_ORIENTATION = 0x0112
# A bitmap that says it has 60000 x 60000 pixels.
BMP_OF_SIZE = b'BM' + bytes(12) + struct.pack('<IIIHH', 40, 60_000, 60_000, 1, 24) + bytes(24)


def difference(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs(one.astype(int) - other)


def save(path: Path, bgr: np.ndarray, **options) -> Path:
    """Write a picture by Pillow, which chooses the format by the name."""
    Image.fromarray(bgr[..., ::-1]).save(path, **options)
    return path


def png_chunk(name: bytes, content: bytes) -> bytes:
    checked = name + content
    return struct.pack('>I', len(content)) + checked + struct.pack('>I', zlib.crc32(checked))


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that says it has this size and holds a hundred bytes of it."""
    header = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    return (
        b'\x89PNG\r\n\x1a\n'
        + png_chunk(b'IHDR', header)
        + png_chunk(b'IDAT', zlib.compress(bytes(100)))
        + png_chunk(b'IEND', b'')
    )


@pytest.mark.parametrize(
    'name',
    ['a.png', 'a.bmp', 'a.ppm', 'a.pnm', 'a.tiff', 'a.webp', 'a.jpg', 'a.jfif', 'a.jp2'],
)
def test_pictures_come_in_bgr(tmp_path, picture, name):
    path = save(tmp_path / name, picture())
    (found,) = pictures_from_file(path)
    assert (found.source, found.frame, found.stamp_ns) == (path, 0, 0)
    assert difference(found.bgr, picture()).max() <= 6
    assert count_pictures(path) == 1


@pytest.mark.skipif(not features.check('avif'), reason='this Pillow has no AVIF')
def test_avif_comes_in_bgr(tmp_path, picture):
    path = save(tmp_path / 'a.avif', picture())
    assert difference(image_from_file(path), picture()).mean() < 6
    # Some writers begin with the brand that AVIF shares with HEIC.
    content = path.read_bytes()
    path.write_bytes(content.replace(b'ftypavif', b'ftypmif1', 1))
    assert difference(image_from_file(path), picture()).mean() < 6


def test_a_grey_picture_has_three_equal_channels(tmp_path, picture):
    path = tmp_path / 'grey.png'
    path.write_bytes(cv2.imencode('.png', picture()[..., 0])[1].tobytes())
    assert np.array_equal(image_from_file(path), np.dstack([picture()[..., 0]] * 3))


@pytest.mark.parametrize('name', ['a.jpg', 'a.png', 'a.webp', 'a.tiff'])
def test_a_picture_is_turned_as_its_exif_says(tmp_path, picture, name):
    """6: the camera stood on its right side; to be seen it is turned clockwise."""
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = 6
    found = image_from_file(save(tmp_path / name, picture(), exif=exif))
    assert found.shape == (64, 48, 3)
    assert difference(found, cv2.rotate(picture(), cv2.ROTATE_90_CLOCKWISE)).mean() < 6


@pytest.mark.parametrize(
    ('name', 'shortened'),
    [('cut.jpg', 0.5), ('cut.png', 0.5), ('cut.webp', 0.5), ('cut.tiff', 0.5), ('empty.jpg', 0)],
)
def test_a_picture_that_is_not_whole_is_named(tmp_path, picture, name, shortened):
    path = save(tmp_path / name, picture())
    content = path.read_bytes()
    path.write_bytes(content[: int(shortened * len(content))])
    with pytest.raises(UnreadableError, match=f'{name} is not a readable picture'):
        list(pictures_from_file(path))


@pytest.mark.parametrize(
    ('name', 'content'),
    [('words.png', b'This is not a picture.\n'), ('zeros.bmp', bytes(4096))],
)
def test_what_is_no_picture_is_named(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=f'{name} is not a readable picture'):
        list(pictures_from_file(path))


@pytest.mark.parametrize(
    ('content', 'why'),
    [
        (png_of_size(40_000, 100), 'each side must be 1 to 32766 px'),
        (png_of_size(20_000, 20_000), '400.0 megapixels, more than the limit of 200'),
        (png_of_size(2**31 - 1, 2**31 - 1), 'more than the limit of 200'),
        (b'P6 100000 100000 255\n', 'more than the limit of 200'),
        (
            b'BM' + bytes(12) + struct.pack('<IIIHH', 40, 60_000, 60_000, 1, 24) + bytes(24),
            'limit',
        ),
    ],
)
def test_a_picture_that_says_it_is_huge_is_refused_before_it_is_decoded(tmp_path, content, why):
    path = tmp_path / 'huge.png'
    path.write_bytes(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UnreadableError, match=f'huge.png is not a readable picture.*{why}'):
        image_from_file(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + 100_000  # kB


def test_a_huge_picture_within_the_limits_is_read(tmp_path):
    path = tmp_path / 'panorama.png'
    cv2.imwrite(str(path), np.zeros((100, 32_766, 3), np.uint8))
    assert image_from_file(path).shape == (100, 32_766, 3)


@pytest.mark.parametrize('brand', [b'heic', b'mif1'])
@pytest.mark.parametrize('name', ['phone.jpg', 'phone.heic', 'phone'])
def test_heic_is_named_with_a_way_out(tmp_path, name, brand):
    path = tmp_path / name
    path.write_bytes(b'\0\0\0\x18ftyp' + brand + bytes(4) + b'mif1heic' + bytes(100))
    with pytest.raises(UnreadableError, match=f'{name} is not a readable picture: HEIC.*convert'):
        list(pictures_from_file(path))


def test_a_name_that_says_nothing_leaves_it_to_the_content(tmp_path, picture):
    save(tmp_path / 'a.png', picture()).rename(tmp_path / 'photo')
    assert np.array_equal(image_from_file(tmp_path / 'photo'), picture())
    assert not is_video(tmp_path / 'photo')
    (tmp_path / 'unknown.xyz').write_bytes(b'neither picture nor video')
    with pytest.raises(UnreadableError, match=r'unknown\.xyz is neither a readable picture nor'):
        list(pictures_from_file(tmp_path / 'unknown.xyz'))


def test_a_file_that_is_gone_is_named(tmp_path):
    with pytest.raises(UnreadableError, match=r'gone\.png does not exist'):
        image_from_file(tmp_path / 'gone.png')
    with pytest.raises(UnreadableError, match=r'gone\.mp4 does not exist'):
        list(pictures_from_file(tmp_path / 'gone.mp4'))


@pytest.mark.parametrize('suffix', ['.png', '.mp4', ''])
def test_what_is_no_file_is_named_and_not_waited_for(tmp_path, suffix):
    """To open a pipe waits until somebody writes to it."""
    pipe, folder, plug = (tmp_path / f'{name}{suffix}' for name in ('pipe', 'folder', 'plug'))
    os.mkfifo(pipe)
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as unix_socket:
        unix_socket.bind(str(plug))
    device = tmp_path / f'device{suffix}'
    device.symlink_to('/dev/zero')
    kinds = {pipe: 'a pipe', folder: 'a folder', plug: 'a socket', device: 'a device'}
    for path, kind in kinds.items():
        with pytest.raises(UnreadableError, match=f'{path.name} is {kind}, not a file'):
            list(pictures_from_file(path))


def test_a_picture_whose_name_is_not_utf8_is_read(tmp_path, picture):
    path = tmp_path / os.fsdecode(b'caf\xe9.png')
    write_picture(path, picture())
    assert np.array_equal(image_from_file(path), picture())
    path.write_bytes(b'no picture')
    with pytest.raises(UnreadableError, match=r'caf\\xe9\.png is not a readable picture'):
        image_from_file(path)


def test_names_are_text_that_may_be_printed():
    assert readable_name(Path('été/写真 1.jpg')) == 'été/写真 1.jpg'
    assert readable_name(Path(os.fsdecode(b'caf\xe9'))) == r'caf\xe9'
    assert readable_name('two\nlines\x1b[2J.jpg') == r'two\nlines\x1b[2J.jpg'


def test_a_picture_that_is_written_comes_back(tmp_path, picture):
    write_picture(tmp_path / 'out.png', picture())
    assert np.array_equal(image_from_file(tmp_path / 'out.png'), picture())


@pytest.mark.parametrize(
    ('name', 'why'),
    [
        ('nowhere/out.png', 'No such file or directory'),
        ('out.xyz', r'use a name in \.png'),
        ('out', r'use a name in \.png'),
    ],
)
def test_a_picture_that_cannot_be_written_is_named(tmp_path, picture, name, why):
    with pytest.raises(MediaError, match=f'{name} cannot be written.*{why}'):
        write_picture(tmp_path / name, picture())


def test_the_name_tells_videos_from_pictures():
    assert is_video(Path('a/b.MP4'))
    assert not is_video(Path('a/mp4'))
    assert not is_video(Path('a.mp4/b.png'))
