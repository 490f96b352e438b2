"""Which files are meant by paths, and which pictures are one stream."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facemesh_ros.io import SourceKind, find_media

EXIF_MAKE = 0x010F
VIDEO, SEQUENCE, STILL = SourceKind.VIDEO, SourceKind.SEQUENCE, SourceKind.STILL


def make(folder: Path, *names: str, image_wh=(8, 6), **options) -> list[Path]:
    width, height = image_wh
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.zeros((height, width, 3), np.uint8)).save(path, **options)
    return paths


def kinds_of(*paths: Path) -> list[tuple[SourceKind, list[str]]]:
    return [(one.kind, [file.name for file in one.files]) for one in find_media(paths).sources]


def test_a_folder_stands_for_the_media_in_it(tmp_path):
    for name in ('b.png', 'A.JPG', 'c.mp4', 'e.mts', 'notes.txt', 'd.PNG.txt'):
        (tmp_path / name).touch()
    make(tmp_path, 'sub/e.png')
    found = find_media([tmp_path])
    assert [path.name for path in found.files] == ['A.JPG', 'b.png', 'c.mp4', 'e.mts']
    assert found.left_out == {'.txt': 2}
    assert not found.errors


def test_what_a_mac_leaves_in_a_folder_is_no_picture(tmp_path):
    make(tmp_path, 'one.jpg', 'album.jpg/two.jpg')
    (tmp_path / '._one.jpg').write_bytes(b'\0\5\26\7\0\2\0\0Mac OS X        ')
    (tmp_path / '.DS_Store').touch()
    (tmp_path / '.hidden.png').touch()
    for name in ('photo.HEIC', 'other.heic', 'README'):
        (tmp_path / name).touch()
    os.mkfifo(tmp_path / 'pipe.jpg')
    found = find_media([tmp_path])
    assert [path.name for path in found.files] == ['one.jpg']
    assert found.left_out == {'.heic': 2, 'no suffix': 1, 'pipes and devices': 1}


def test_a_hidden_file_that_is_named_is_meant(tmp_path):
    assert kinds_of(*make(tmp_path, '.face.png')) == [(STILL, ['.face.png'])]


def test_files_stay_in_the_order_given(tmp_path):
    paths = make(tmp_path, 'z.png', 'a.png')
    assert find_media(paths).files == paths


def test_a_path_that_stands_for_nothing_is_named_and_the_others_are_found(tmp_path):
    (good,) = make(tmp_path, 'good.png')
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'outer').mkdir()
    make(tmp_path, 'outer/inner/a.png')
    os.mkfifo(tmp_path / 'pipe')
    names = ('nowhere.png', 'empty', 'good.png', 'outer', 'pipe', 'good.png/x.png')
    found = find_media([tmp_path / name for name in names])
    assert found.files == [good]
    said = [str(error) for error in found.errors]
    for sentence, part in zip(
        said,
        (
            'nowhere.png does not exist',
            'empty holds no picture, video or recording (',
            'folders in a folder are not searched, and it has 1',
            'pipe is a pipe, not a file',
            'good.png/x.png cannot be read: Not a directory',
        ),
        strict=True,
    ):
        assert part in sentence
    assert '.jpg' in said[1]
    assert '.mp4' in said[1]


def test_a_link_to_nowhere_in_a_folder_is_not_passed_over(tmp_path):
    (tmp_path / 'a.png').symlink_to('nowhere.png')
    assert [path.name for path in find_media([tmp_path]).files] == ['a.png']


@pytest.mark.parametrize(
    'name',
    [
        '{}.jpg',
        'frame_{:04d}.png',
        'cam1_{:03d}_left.png',
        '{:08d}.jpg',
        'img{}.webp',
        'left{:04d}.jpg',
        '2026-01-01 run 3 {:06d}.png',
    ],
)
def test_numbered_frames_are_one_stream_in_the_order_of_their_numbers(tmp_path, name):
    names = [name.format(number) for number in range(1, 13)]
    paths = make(tmp_path, *names)
    assert kinds_of(tmp_path) == [(SEQUENCE, names)]
    # A shell sorts 1 10 11 12 2; the order on the command line is no other.
    assert kinds_of(*sorted(paths)) == [(SEQUENCE, names)]


def test_frames_of_several_cameras_are_several_streams(tmp_path):
    make(tmp_path, 'left1.png', 'right1.png', 'left2.png', 'right2.png', 'right3.jpg')
    make(tmp_path, 'sub/left3.png')
    assert kinds_of(tmp_path, tmp_path / 'sub' / 'left3.png') == [
        (SEQUENCE, ['left1.png', 'left2.png']),
        (SEQUENCE, ['right1.png', 'right2.png']),
        (STILL, ['right3.jpg']),
        (STILL, ['left3.png']),
    ]


def test_other_pictures_stand_alone(tmp_path):
    names = [
        '1_left.jpg',
        '2_nobody.jpg',
        '3_right.jpg',
        '4_left.jpg',
        '10_last.jpg',
        'face.jpg',
        'face2.jpg',
    ]
    make(tmp_path, *names)
    assert kinds_of(tmp_path) == [(STILL, [name]) for name in names]


@pytest.mark.parametrize(
    'names',
    [
        ['IMG_0001.jpg', 'IMG_0002.jpg'],
        ['DSC00011.JPG', 'DSC00012.JPG'],
        ['P1010001.jpg', 'P1010002.jpg'],
        ['_MG_0001.jpeg', '_MG_0002.jpeg'],
        ['IMG_20260101_120000.jpg', 'IMG_20260101_120007.jpg'],
        ['IMG-20260101-WA0001.jpg', 'IMG-20260101-WA0002.jpg'],
        ['PXL_20260101_120000123.jpg', 'PXL_20260101_120007123.jpg'],
    ],
)
def test_photographs_as_cameras_number_them_stand_alone(tmp_path, names):
    make(tmp_path, *names)
    assert kinds_of(tmp_path) == [(STILL, [name]) for name in names]


def test_photographs_that_name_their_camera_stand_alone(tmp_path):
    exif = Image.Exif()
    exif[EXIF_MAKE] = 'A camera'
    make(tmp_path, 'holiday_1.jpg', 'holiday_2.jpg', exif=exif)
    assert [kind for kind, _ in kinds_of(tmp_path)] == [STILL, STILL]


def test_pictures_of_several_sizes_stand_alone(tmp_path):
    make(tmp_path, 'a1.png', 'a2.png')
    make(tmp_path, 'a3.png', image_wh=(10, 10))
    assert [kind for kind, _ in kinds_of(tmp_path)] == [STILL] * 3


def test_a_damaged_frame_says_nothing_of_the_others(tmp_path):
    make(tmp_path, '1.png', '3.png')
    (tmp_path / '2.png').write_bytes(b'no picture')
    assert kinds_of(tmp_path) == [(SEQUENCE, ['1.png', '2.png', '3.png'])]


def test_a_picture_given_twice_is_no_stream(tmp_path):
    (path,) = make(tmp_path, 'face1.png')
    assert kinds_of(path, path) == [(STILL, ['face1.png'])] * 2


def test_videos_are_streams_of_their_own(tmp_path):
    for name in ('clip1.mp4', 'clip2.mp4', 'a.gif'):
        (tmp_path / name).touch()
    make(tmp_path, 'b.png')
    assert kinds_of(tmp_path) == [
        (VIDEO, ['a.gif']),
        (STILL, ['b.png']),
        (VIDEO, ['clip1.mp4']),
        (VIDEO, ['clip2.mp4']),
    ]


def test_a_picture_that_stands_alone_is_no_frame(tmp_path):
    make(tmp_path, *(f'{number}.png' for number in range(5)))
    found = find_media([tmp_path], stands_alone=lambda file: file.stem in ('1', '3'))
    kinds = [(one.kind, [file.stem for file in one.files]) for one in found.sources]
    assert kinds == [(SEQUENCE, ['0', '2', '4']), (STILL, ['1']), (STILL, ['3'])]
