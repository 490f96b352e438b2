"""Pictures and videos from files that are fine, and from files that are not."""

from __future__ import annotations

import resource
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from facemesh_ros.media import (
    MediaError,
    UnreadableError,
    VideoFile,
    count_pictures,
    image_from_file,
    is_video,
    media_files,
    opened_video,
    pictures_from_file,
    rate_of_file,
    write_picture,
)

FRAMES, RATE_HZ = 7, 12.5


def picture(level=90, image_wh=(64, 48)) -> np.ndarray:
    """Smooth, so that a lossy codec leaves it nearly as it is."""
    width, height = image_wh
    blue = np.tile(np.linspace(level, level + 60, width), (height, 1))
    rest = np.full((height, width), level)
    return np.dstack([blue, rest, rest]).astype(np.uint8)


def difference(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs(one.astype(int) - other)


def encoded(suffix: str) -> bytes:
    return cv2.imencode(suffix, picture())[1].tobytes()


@pytest.fixture
def clip(tmp_path) -> Path:
    """A video whose pictures grow brighter by 20 each."""
    path = tmp_path / 'clip.mp4'
    with VideoFile(path, RATE_HZ) as video:
        for frame in range(FRAMES):
            video.write(picture(20 * frame))
    return path


def test_a_folder_stands_for_the_media_in_it(tmp_path):
    for name in ('b.png', 'A.JPG', 'c.mp4', 'notes.txt', 'd.PNG.txt'):
        (tmp_path / name).touch()
    (tmp_path / 'sub').mkdir()
    (tmp_path / 'sub' / 'e.png').touch()
    assert [path.name for path in media_files([tmp_path])] == ['A.JPG', 'b.png', 'c.mp4']


def test_files_stay_in_the_order_given(tmp_path):
    paths = [tmp_path / name for name in ('z.png', 'a.png', 'unknown.xyz')]
    for path in paths:
        path.touch()
    assert media_files(paths) == paths


def test_a_path_that_does_not_exist_is_named(tmp_path):
    missing = tmp_path / 'nowhere.png'
    with pytest.raises(MediaError, match=r'nowhere\.png does not exist'):
        media_files([missing])


def test_a_folder_without_media_is_named_with_what_it_could_hold(tmp_path):
    with pytest.raises(MediaError, match=r'holds no picture or video .*\.jpg.*\.mp4'):
        media_files([tmp_path])


@pytest.mark.parametrize('suffix', ['.png', '.bmp', '.ppm', '.tiff', '.webp', '.jpg'])
def test_pictures_come_in_bgr(tmp_path, suffix):
    path = tmp_path / f'face{suffix}'
    path.write_bytes(encoded(suffix))
    (found,) = pictures_from_file(path)
    assert (found.source, found.frame, found.stamp_ns) == (path, 0, 0)
    assert difference(found.bgr, picture()).max() <= 6
    assert count_pictures(path) == 1


def test_a_grey_picture_has_three_equal_channels(tmp_path):
    path = tmp_path / 'grey.png'
    path.write_bytes(cv2.imencode('.png', picture()[..., 0])[1].tobytes())
    assert np.array_equal(image_from_file(path), np.dstack([picture()[..., 0]] * 3))


@pytest.mark.parametrize(
    ('name', 'content'),
    [
        ('cut.jpg', encoded('.jpg')[: len(encoded('.jpg')) // 2]),
        ('cut.png', encoded('.png')[: len(encoded('.png')) // 2]),
        ('words.png', b'This is not a picture.\n'),
        ('empty.jpg', b''),
        ('zeros.bmp', bytes(4096)),
        ('unknown.xyz', b'neither picture nor video'),
    ],
)
def test_what_is_no_picture_is_named(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=f'{name} is not a readable picture'):
        list(pictures_from_file(path))


@pytest.mark.parametrize('content', [b'', b'This is not a video.\n', bytes(4096)])
def test_what_is_no_video_is_named(tmp_path, content):
    path = tmp_path / 'words.mp4'
    path.write_bytes(content)
    for read in (lambda: list(pictures_from_file(path)), lambda: count_pictures(path)):
        with pytest.raises(UnreadableError, match=r'words\.mp4 is not a readable video'):
            read()


def test_a_video_cut_short_is_named(tmp_path, clip):
    path = tmp_path / 'cut.mp4'
    path.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    with pytest.raises(UnreadableError, match=r'cut\.mp4 is not a readable video'):
        list(pictures_from_file(path))


def test_a_file_that_is_gone_is_named(tmp_path):
    with pytest.raises(UnreadableError, match=r'gone\.png cannot be read: No such file'):
        image_from_file(tmp_path / 'gone.png')
    with pytest.raises(UnreadableError, match=r'gone\.mp4 does not exist'):
        list(pictures_from_file(tmp_path / 'gone.mp4'))


def test_a_camera_that_is_not_there_is_named():
    with (
        pytest.raises(UnreadableError, match=r'camera 97 cannot be opened.*/dev/video97'),
        opened_video(97),
    ):
        pass


def test_a_video_comes_back_picture_by_picture(clip):
    found = list(pictures_from_file(clip))
    assert [one.frame for one in found] == list(range(FRAMES))
    assert [one.stamp_ns for one in found] == [80_000_000 * frame for frame in range(FRAMES)]
    assert {one.source for one in found} == {clip}
    for frame, one in enumerate(found):
        assert difference(one.bgr, picture(20 * frame)).mean() < 6
    assert count_pictures(clip) == FRAMES
    assert rate_of_file(clip) == pytest.approx(RATE_HZ)


def test_pictures_of_another_size_are_scaled_to_the_first_ones(tmp_path):
    path = tmp_path / 'mixed.mp4'
    with VideoFile(path, 10) as video:
        for image_wh in ((64, 48), (128, 96), (10, 10)):
            video.write(picture(image_wh=image_wh))
    found = list(pictures_from_file(path))
    assert [one.bgr.shape for one in found] == [(48, 64, 3)] * 3
    assert difference(found[1].bgr, picture()).mean() < 6


def test_a_picture_of_odd_size_makes_a_video_too(tmp_path):
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


def test_a_video_that_cannot_be_written_is_named(tmp_path):
    path = tmp_path / 'nowhere' / 'out.mp4'
    with pytest.raises(MediaError, match=r'out\.mp4 cannot be written'), VideoFile(path, 10) as v:
        v.write(picture())


@pytest.fixture
def small_files():
    """Let no file grow beyond 100 kB: the system refuses to write on, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)


def write_noise(path: Path, rate_hz=10.0) -> None:
    with VideoFile(path, rate_hz) as video:
        for _ in range(20):
            video.write(noise())


@pytest.mark.parametrize('suffix', ['mp4', 'm4v', 'mov', 'avi', 'mkv'])
def test_a_video_that_is_not_whole_on_the_disk_is_named(tmp_path, small_files, suffix):
    """OpenCV's writer says nothing when the disk is full."""
    path = tmp_path / f'out.{suffix}'
    with pytest.raises(MediaError, match=rf'out\.{suffix} is damaged.* 20 pictures'):
        write_noise(path)


@pytest.mark.parametrize('suffix', ['mp4', 'm4v', 'mov', 'avi', 'mkv'])
@pytest.mark.parametrize('rate_hz', [7.0, 29.97])
def test_a_video_that_is_whole_passes_its_check(tmp_path, suffix, rate_hz):
    path = tmp_path / f'out.{suffix}'
    write_noise(path, rate_hz)
    assert len(list(pictures_from_file(path))) == 20


def test_an_error_while_a_video_is_written_is_not_hidden_by_the_videos_own(tmp_path, small_files):
    video = VideoFile(tmp_path / 'out.mp4', 10)
    for _ in range(20):
        video.write(noise())
    video.__exit__(KeyError, KeyError(), None)
    assert (tmp_path / 'out.mp4').stat().st_size == 100_000


def test_a_picture_that_is_written_comes_back(tmp_path):
    write_picture(tmp_path / 'out.png', noise())
    assert np.array_equal(image_from_file(tmp_path / 'out.png'), noise())


def test_a_picture_that_cannot_be_written_is_named(tmp_path, small_files):
    for name, why in (
        ('big.png', 'File too large'),
        ('nowhere/out.png', 'No such file or directory'),
        ('out.xyz', r'use a name in \.png'),
        ('out', r'use a name in \.png'),
    ):
        with pytest.raises(MediaError, match=f'{name} cannot be written.*{why}'):
            write_picture(tmp_path / name, noise())


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


def test_a_video_without_pictures_leaves_no_file(tmp_path):
    with VideoFile(tmp_path / 'out.mp4', 10):
        pass
    assert not (tmp_path / 'out.mp4').exists()


def test_the_name_tells_videos_from_pictures():
    assert is_video(Path('a/b.MP4'))
    assert not is_video(Path('a/mp4'))
    assert not is_video(Path('a.mp4/b.png'))
