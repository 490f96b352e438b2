"""Videos from files: their pictures, their times, and what is wrong with them."""

from __future__ import annotations

import os
import shutil
import subprocess
from itertools import accumulate
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from facemesh_ros.io import (
    UnreadableError,
    VideoFile,
    count_pictures,
    opened_video,
    pictures_from_file,
    rate_of_file,
)
from facemesh_ros.io.container_duration import missing_bytes
from facemesh_ros.io.video_stamps import ContainerClock

FRAMES, RATE_HZ = 7, 12.5
# No two alike, none a whole number of another, a pause of more than a second.
DURATIONS_MS = [40, 100, 500, 20, 300, 70, 1200, 30, 250, 100]
TIMES_MS = [0, *accumulate(DURATIONS_MS)][:-1]
# Of MPEG-4's tkhd (ISO/IEC 14496-12): as it is, and a quarter turn clockwise; 16.16 and 2.30.
UNTURNED = np.array([1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30], '>i4').tobytes()
TURNED = np.array([0, 1 << 16, 0, -1 << 16, 0, 0, 48 << 16, 0, 1 << 30], '>i4').tobytes()


def difference(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs(one.astype(int) - other)


def stamps_ms(path: Path) -> list[float]:
    return [one.stamp_ns / 1e6 for one in pictures_from_file(path)]


@pytest.fixture
def clip(tmp_path, picture) -> Path:
    """A video whose pictures grow brighter by 20 each."""
    return write_clip(tmp_path / 'clip.mp4', picture)


def write_clip(path: Path, picture, frames: int = FRAMES) -> Path:
    with VideoFile(path, RATE_HZ) as video:
        for frame in range(frames):
            video.write(picture(20 * frame))
    return path


def test_a_video_comes_back_picture_by_picture(clip, picture):
    found = list(pictures_from_file(clip))
    assert [one.frame for one in found] == list(range(FRAMES))
    assert [one.stamp_ns for one in found] == [80_000_000 * frame for frame in range(FRAMES)]
    assert {one.source for one in found} == {clip}
    for frame, one in enumerate(found):
        assert difference(one.bgr, picture(20 * frame)).mean() < 6
    assert count_pictures(clip) == FRAMES
    assert rate_of_file(clip) == pytest.approx(RATE_HZ)


def test_the_times_of_a_gif_are_its_own(tmp_path, picture):
    path = tmp_path / 'a.gif'
    images = [Image.fromarray(picture(10 * index)) for index in range(len(DURATIONS_MS))]
    images[0].save(path, save_all=True, append_images=images[1:], duration=DURATIONS_MS)
    assert stamps_ms(path) == TIMES_MS


def test_the_times_of_matroska_and_webm_are_their_own(tmp_path, write_matroska):
    """Its header names no rate; OpenCV says 1000 a second."""
    path = tmp_path / 'a.mkv'
    write_matroska(path, TIMES_MS)
    assert stamps_ms(path) == TIMES_MS
    assert rate_of_file(path) == pytest.approx(1e3 * (len(TIMES_MS) - 1) / TIMES_MS[-1])


def test_a_rate_is_one_that_a_video_can_have(tmp_path, write_matroska):
    path = tmp_path / 'a.mkv'
    write_matroska(path, [0, 60_000, 120_000])
    assert rate_of_file(path) == 0.1
    write_matroska(path, [7, 7, 7, 7])
    assert rate_of_file(path) == 1000


def test_times_count_from_the_first_picture(tmp_path, write_matroska):
    path = tmp_path / 'a.mkv'
    write_matroska(path, [5000 + time_ms for time_ms in TIMES_MS])
    assert stamps_ms(path) == TIMES_MS


def test_times_that_go_back_go_on_evenly(tmp_path, write_matroska):
    path = tmp_path / 'a.mkv'
    write_matroska(path, [1000, 1040, 1080, 500, 540, 580, 700])
    assert stamps_ms(path) == [0, 40, 80, 120, 160, 200, 320]


@pytest.mark.parametrize('codec', ['h264.mp4', 'h264.mkv', 'vp8.webm', 'h264.ts', 'h264.mov'])
def test_times_are_those_that_ffmpeg_was_told(tmp_path, codec):
    """With pictures that are decoded in another order than they are shown."""
    name, _, suffix = codec.partition('.')
    encoder = {'h264': ['libx264', '-bf', '3', '-pix_fmt', 'yuv420p'], 'vp8': ['libvpx']}[name]
    path = tmp_path / f'a.{suffix}'
    if not shutil.which('ffmpeg'):
        pytest.skip('no ffmpeg here to write such videos')
    # The square of the picture's number, in 40 ms.
    source = ['-f', 'lavfi', '-i', 'testsrc2=s=64x48:r=25:d=0.4', '-vf', 'setpts=N*N']
    times = ['-fps_mode', 'vfr', '-enc_time_base', '1:25']
    command = ['ffmpeg', '-v', 'error', *source, *times, '-c:v', *encoder, str(path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f'this ffmpeg cannot: {done.stderr}')
    found = stamps_ms(path)
    assert found[:7] == pytest.approx([40 * number**2 for number in range(7)], abs=1)


def test_pictures_without_a_time_come_as_evenly_as_those_before():
    """OpenCV says 0 for the last ones in a decoder, in old releases."""
    clock = ContainerClock(rate_hz=1000)
    stamps = [clock.stamp_ns(time_ms) for time_ms in (0, 40, 80, 0, 0, 200, float('nan'), -1e17)]
    assert [stamp / 1e6 for stamp in stamps] == [0, 40, 80, 120, 160, 200, 240, 280]


def test_without_any_time_the_rate_is_all_there_is():
    clock = ContainerClock(rate_hz=25)
    assert [clock.stamp_ns(0) for _ in range(4)] == [0, 40_000_000, 80_000_000, 120_000_000]


def test_stamps_grow_whatever_the_times_are():
    random = np.random.default_rng(0)
    for _ in range(50):
        clock = ContainerClock(rate_hz=30)
        times_ms = random.choice([0, 1, 1, 33, 66, 100, 1e4, -5, np.inf], 50)
        assert np.diff([clock.stamp_ns(time_ms) for time_ms in times_ms]).min() > 0


@pytest.mark.parametrize('content', [b'', b'This is not a video.\n', bytes(4096)])
def test_what_is_no_video_is_named(tmp_path, content):
    path = tmp_path / 'words.mp4'
    path.write_bytes(content)
    for read in (lambda: list(pictures_from_file(path)), lambda: count_pictures(path)):
        with pytest.raises(UnreadableError, match=r'words\.mp4 is not a readable video'):
            read()


def test_a_video_without_its_end_is_named(tmp_path, clip):
    path = tmp_path / 'cut.mp4'
    path.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    with pytest.raises(UnreadableError, match=r'cut\.mp4 is not a readable video'):
        list(pictures_from_file(path))


@pytest.mark.parametrize('suffix', ['avi', 'mkv'])
def test_of_a_video_that_is_cut_short_the_beginning_is_read(tmp_path, picture, suffix):
    whole = write_clip(tmp_path / f'whole.{suffix}', picture, frames=60)
    assert len(list(pictures_from_file(whole))) == 60
    path = tmp_path / f'cut.{suffix}'
    half = whole.stat().st_size // 2
    path.write_bytes(whole.read_bytes()[:half])
    reading, found = pictures_from_file(path), []
    with pytest.raises(
        UnreadableError, match=r'is cut short, its last \d+ bytes are miss'
    ) as told:
        found.extend(one.frame for one in reading)
    # `extend` keeps what came before the error.
    assert 5 < len(found) < 55
    assert found == list(range(len(found)))
    assert f'{len(found)} pictures could be read' in str(told.value)


def test_a_video_with_its_table_in_front_is_cut_short_too(tmp_path, clip):
    """As phones and web sites write them: readable however much is missing."""
    content = clip.read_bytes()
    path = tmp_path / 'cut.mp4'
    # Two boxes that are left out by every reader, the second one longer than the file.
    path.write_bytes(content + (8).to_bytes(4, 'big') + b'free')
    assert len(list(pictures_from_file(path))) == FRAMES
    path.write_bytes(content + (1008).to_bytes(4, 'big') + b'free')
    with pytest.raises(UnreadableError, match='its last 1000 bytes are missing: 7 pictures'):
        list(pictures_from_file(path))


def test_sizes_that_cannot_be_are_no_reason_to_stop(tmp_path, clip):
    whole = clip.read_bytes()
    for box, missing in (
        (b'\0\0\0\1free' + b'\xff' * 8, 2**64 - 1 - 16),
        (b'\0\0\0\1free', 0),
        (b'\0\0\0\3free', 0),
        (b'\0\0\0\0mdat', 0),
    ):
        clip.write_bytes(whole + box)
        assert missing_bytes(clip) == missing
    path = tmp_path / 'a.mkv'
    for size in (b'\x01' + b'\xff' * 7, b'\x01' + b'\xfe' * 7, b'\x00', b''):
        path.write_bytes(b'\x1a\x45\xdf\xa3' + size + bytes(20))
        assert missing_bytes(path) == 0


@pytest.mark.parametrize(
    'name',
    [
        os.fsdecode(b'caf\xe9.mp4'),
        'a%03d.mp4',
        'rtsp:x.mp4',
        'concat:x.mp4',
        'videotestsrc ! appsink.mp4',
        '写真.mp4',
        '-i.mp4',
    ],
)
def test_a_name_is_nothing_but_a_name(tmp_path, picture, monkeypatch, name):
    """`rtsp:x.mp4` was an address, `a%03d.mp4` many pictures, no UTF-8 a segmentation fault."""
    monkeypatch.chdir(tmp_path)
    write_clip(Path(name), picture)
    assert os.listdir() == [name]
    assert len(list(pictures_from_file(Path(name)))) == FRAMES


def test_a_numbered_gif_is_not_taken_for_a_pattern(tmp_path, picture):
    for name in ('a1.gif', 'a%d.gif'):
        images = [Image.fromarray(picture(20 * index)) for index in range(len(name))]
        images[0].save(tmp_path / name, save_all=True, append_images=images[1:])
        assert len(list(pictures_from_file(tmp_path / name))) == len(name)


def test_a_video_is_turned_as_it_says(clip, picture):
    """By phones, which write the pictures as the sensor lies and a matrix beside them."""
    content = clip.read_bytes()
    assert content.count(UNTURNED) == 2  # of the film and of its track, which counts
    before, _, after = content.rpartition(UNTURNED)
    clip.write_bytes(before + TURNED + after)
    found = next(pictures_from_file(clip)).bgr
    assert found.shape == (64, 48, 3)
    assert difference(found, cv2.rotate(picture(0), cv2.ROTATE_90_CLOCKWISE)).mean() < 6


def test_a_camera_that_is_not_there_is_named():
    with (
        pytest.raises(UnreadableError, match=r'camera 97 cannot be opened.*/dev/video97'),
        opened_video(97),
    ):
        pass
