"""Depth pictures beside colour pictures: where they are looked for, and what is refused."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from facemesh_ros.io import DepthFiles, MediaError, Picture, find_media

MM = np.array([[0, 500, 65535], [1, 2, 3]], np.uint16)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: str, image: np.ndarray = MM) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(path, image)


def picture(source: str, frame: int = 0, stamp_ns: int = 0) -> Picture:
    return Picture(Path(source), frame, stamp_ns, np.zeros((2, 3, 3), np.uint8))


@pytest.mark.parametrize(
    ('pattern', 'source', 'frame', 'expected'),
    [
        ('{stem}_depth.png', 'sub/a.b.png', 0, 'sub/a.b_depth.png'),
        ('../depth/{stem}.tiff', 'sub/a.png', 0, 'depth/a.tiff'),
        ('{stem}/{frame:06d}.png', 'sub/clip.mp4', 12, 'sub/clip/000012.png'),
        ('d.png', 'a.png', 0, 'd.png'),
    ],
)
def test_depth_is_read_where_the_pattern_says(folder, pattern, source, frame, expected):
    (folder / 'sub').mkdir()
    write(expected)
    depth = DepthFiles(pattern).depth_of(picture(source, frame, stamp_ns=7))
    assert depth.depth_m == pytest.approx(MM / 1000)
    assert depth.depth_m.dtype == np.float32
    assert depth.stamp_ns == 7


@pytest.mark.parametrize('pattern', ['{name}.png', '{', '{stem', '{0}', '{stem.x}', '{frame:q}'])
def test_what_is_no_pattern_is_refused_with_an_example(pattern):
    with pytest.raises(MediaError, match=r'no pattern .*\{stem\}_depth.png'):
        DepthFiles(pattern)


def test_a_picture_without_depth_is_told_from_a_damaged_one(folder):
    depths = DepthFiles('{stem}_depth.png')
    with pytest.raises(MediaError, match=r'no depth picture \{stem\}_depth.png lies beside it'):
        depths.depth_of(picture('a.png'))
    for content in (b'', b'not a picture', b'\x89PNG\r\n\x1a\n'):
        Path('a_depth.png').write_bytes(content)
        with pytest.raises(MediaError, match='its depth picture is not a readable picture'):
            depths.depth_of(picture('a.png'))
    for image in (np.zeros((2, 3), np.uint8), np.zeros((2, 3, 3), np.uint16)):
        write('a_depth.png', image)
        with pytest.raises(
            MediaError, match=r'has [13] channel\(s\) of .* bits, depth is 16-bit grey, mm'
        ):
            depths.depth_of(picture('a.png'))


def test_depth_pictures_are_no_pictures_of_their_own(folder):
    for name in ('a.png', 'a_depth.png', 'b.png', 'lonely_depth.png'):
        write(f'in/{name}')
    depths = DepthFiles('{stem}_depth.png')
    found = find_media([Path('in')], depths.among)
    assert [file.name for file in found.files] == ['a.png', 'b.png', 'lonely_depth.png']
    assert [file.name for file in found.companions] == ['a_depth.png']
    named = find_media([Path('in/a_depth.png'), Path('./in/../in/a.png')], depths.among)
    assert [file.name for file in named.files] == ['a.png']


def test_depth_of_a_videos_frames_is_no_picture(folder):
    names = ['clip.mp4', 'clip_0_d.png', 'clip_13_d.png', 'clip_x_d.png', 'other_1_d.png']
    files = [Path(name) for name in names]
    found = DepthFiles('{stem}_{frame}_d.png').among(files)
    assert sorted(file.name for file in found) == ['clip_0_d.png', 'clip_13_d.png']


def test_numbered_frames_keep_together_without_their_depth(folder):
    for number in range(3):
        write(f'frame_{number}.png')
        write(f'frame_{number}_depth.png')
    (source,) = find_media([folder], DepthFiles('{stem}_depth.png').among).sources
    assert [file.name for file in source.files] == [f'frame_{number}.png' for number in range(3)]
