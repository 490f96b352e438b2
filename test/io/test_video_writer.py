"""Videos to files: what is in them, and whether they are whole."""

from __future__ import annotations

import resource
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from facemesh_ros.io import (
    WRITABLE_SUFFIXES,
    MediaError,
    VideoFile,
    pictures_from_file,
    write_picture,
)


def difference(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs(one.astype(int) - other)


def test_pictures_of_another_size_are_scaled_to_the_first_ones(tmp_path, picture):
    path = tmp_path / 'mixed.mp4'
    with VideoFile(path, 10) as video:
        for image_wh in ((64, 48), (128, 96), (10, 10)):
            video.write(picture(image_wh=image_wh))
    found = list(pictures_from_file(path))
    assert [one.bgr.shape for one in found] == [(48, 64, 3)] * 3
    assert difference(found[1].bgr, picture()).mean() < 6


def test_a_picture_of_odd_size_makes_a_video_too(tmp_path, picture):
    path = tmp_path / 'odd.mp4'
    with VideoFile(path, 10) as video:
        for _ in range(3):
            video.write(picture(image_wh=(63, 47)))
    found = list(pictures_from_file(path))
    assert len(found) == 3
    # A codec with half-size colours may cut the odd row and column.
    assert np.abs(np.subtract(found[0].bgr.shape, (47, 63, 3))).max() <= 1
    height, width = found[0].bgr.shape[:2]
    expected = picture(image_wh=(63, 47))[:height, :width]
    assert difference(found[0].bgr, expected).mean() < 6


def test_a_picture_that_is_larger_than_videos_are_is_scaled_down(tmp_path, picture):
    path = tmp_path / 'large.mp4'
    with VideoFile(path, 10) as video:
        video.write(picture(image_wh=(16_000, 400)))
    (found,) = pictures_from_file(path)
    assert found.bgr.shape == (205, 8190, 3) or found.bgr.shape == (204, 8190, 3)


def test_a_video_that_cannot_be_written_is_named(tmp_path, picture):
    path = tmp_path / 'nowhere' / 'out.mp4'
    with pytest.raises(MediaError, match=r'out\.mp4 cannot be written: No such file'):
        VideoFile(path, 10).write(picture())
    with pytest.raises(MediaError, match=r'out\.gif cannot be written as a video'):
        VideoFile(tmp_path / 'out.gif', 10).write(picture())


def test_a_video_without_pictures_leaves_no_file(tmp_path):
    with VideoFile(tmp_path / 'out.mp4', 10):
        pass
    assert not (tmp_path / 'out.mp4').exists()


@pytest.fixture
def small_files():
    """Let no file grow beyond 100 kB: the system refuses to write on, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)


def write_noise(path: Path, rate_hz: float = 10.0) -> None:
    with VideoFile(path, rate_hz) as video:
        for _ in range(20):
            video.write(noise())


@pytest.mark.parametrize('suffix', WRITABLE_SUFFIXES)
def test_a_video_that_is_not_whole_on_the_disk_is_named(tmp_path, small_files, suffix):
    """OpenCV's writer says nothing when the disk is full."""
    with pytest.raises(MediaError, match=rf'out\{suffix} is damaged.* 20 pictures'):
        write_noise(tmp_path / f'out{suffix}')


@pytest.mark.parametrize('suffix', WRITABLE_SUFFIXES)
@pytest.mark.parametrize('rate_hz', [0.5, 7.0, 29.97])
def test_a_video_that_is_whole_passes_its_check(tmp_path, suffix, rate_hz):
    path = tmp_path / f'out{suffix}'
    write_noise(path, rate_hz)
    assert len(list(pictures_from_file(path))) == 20


def test_an_error_while_a_video_is_written_is_not_hidden_by_the_videos_own(tmp_path, small_files):
    video = VideoFile(tmp_path / 'out.mp4', 10)
    for _ in range(20):
        video.write(noise())
    video.__exit__(KeyError, KeyError(), None)
    assert (tmp_path / 'out.mp4').stat().st_size == 100_000


def test_a_picture_that_is_not_whole_on_the_disk_is_named(tmp_path, small_files):
    with pytest.raises(MediaError, match=r'big\.png cannot be written: File too large'):
        write_picture(tmp_path / 'big.png', noise())


def test_a_full_disk_is_told_for_videos_and_pictures(tmp_path):
    disk = tmp_path / 'disk'
    disk.mkdir()
    command = ['mount', '-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', str(disk)]
    if shutil.which('mount') is None or subprocess.run(command, check=False).returncode:
        pytest.skip('no disk can be mounted here')
    try:
        with pytest.raises(MediaError, match='disk is full'):
            write_noise(disk / 'a.mp4')
        with pytest.raises(MediaError, match=r'b\.mp4 cannot be written: No space left'):
            VideoFile(disk / 'b.mp4', 10).write(noise())
        with pytest.raises(MediaError, match=r'c\.png cannot be written: No space left'):
            write_picture(disk / 'c.png', noise())
    finally:
        subprocess.run(['umount', str(disk)], check=True)
