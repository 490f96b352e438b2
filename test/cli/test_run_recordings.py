"""`facemesh run` on rosbag2 recordings: cameras, camera_info, depth, broken and wrong files."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import cv2
import numpy as np
import pytest
from recordings import (
    PERIOD_NS,
    START_NS,
    Bag,
    bag_of,
    camera_info,
    compressed,
    depth_of_face,
    image,
)
from rosbags.rosbag2 import CompressionMode, StoragePlugin

from facemesh_ros.cli.main import main

FRAMES = 6
# Than a face of the usual size is.
FARTHER = 1.1


@pytest.fixture(autouse=True)
def place(workplace, require_models):
    require_models('mesh')
    Path('face.png').unlink()
    return workplace


@pytest.fixture
def frames(head) -> list[np.ndarray]:
    """A face that moves to the right by 4 px per image."""
    return [np.roll(head, 4 * number, axis=1) for number in range(FRAMES)]


def lines_of(*arguments: str, expected_status: int = 0) -> list[dict]:
    arguments = ('run', *arguments, '--jsonl', 'out.jsonl', '--model', 'mesh')
    assert main(arguments) == expected_status
    return [json.loads(line) for line in Path('out.jsonl').read_text().splitlines()]


@pytest.fixture
def depth_mm(frames, place) -> np.ndarray:
    """A depth image of the first frame: its face at another distance than that of its irises."""
    bag_of(frames[:1]).write(Path('first'))
    (line,) = lines_of('first')
    shutil.rmtree('first')
    return depth_of_face(line['faces'][0], (320, 240), FARTHER)


def numbers_of(lines: list[dict], name: str) -> np.ndarray:
    return np.array([[face[name] for face in line['faces']] for line in lines])


@pytest.mark.parametrize('storage', StoragePlugin)
def test_a_recording_gives_what_its_frames_in_a_folder_give(storage, frames):
    bag_of(frames, with_info=False).write(Path('bag'), storage)
    Path('folder').mkdir()
    for number, frame in enumerate(frames):
        cv2.imwrite(f'folder/{number:03d}.png', frame)
    recorded, pictures = lines_of('bag'), lines_of('folder')
    assert len(recorded) == len(pictures) == FRAMES
    assert [line['stamp_ns'] for line in recorded] == [
        START_NS + number * PERIOD_NS for number in range(FRAMES)
    ]
    assert [line['frame'] for line in recorded] == list(range(FRAMES))
    assert {line['source'] for line in recorded} == {'bag'}
    assert {line['topic'] for line in recorded} == {'/cam/image_raw'}
    for name in ('landmarks', 'box_xyxy', 'presence', 'state', 'last_score'):
        # Numbers are rounded to a thousandth of a pixel.
        expected = numbers_of(pictures, name)
        np.testing.assert_allclose(numbers_of(recorded, name), expected, atol=2e-3)


@pytest.mark.parametrize(
    ('storage', 'mode'),
    [
        (storage, mode)
        for storage in StoragePlugin
        for mode in CompressionMode
        # sqlite3 has none of its own.
        if (storage, mode) != (StoragePlugin.SQLITE3, CompressionMode.STORAGE)
    ],
)
def test_compression_changes_nothing(storage, mode, frames):
    plain = bag_of(frames[:2])
    plain.write(Path('plain'))
    plain.write(Path('packed'), storage, mode)
    expected = lines_of('plain')
    assert numbers_of(lines_of('packed'), 'landmarks').tolist() == (
        numbers_of(expected, 'landmarks').tolist()
    )


def test_a_bare_file_is_a_recording_too(frames):
    expected = numbers_of(lines_of(str(_moved(frames, StoragePlugin.MCAP, 'a.mcap'))), 'pose')
    for storage, name in ((StoragePlugin.MCAP, 'b.mcap'), (StoragePlugin.SQLITE3, 'b.db3')):
        file = _moved(frames, storage, name)
        assert numbers_of(lines_of(str(file)), 'pose').tolist() == expected.tolist()
        file.unlink()


def _moved(frames, storage: StoragePlugin, name: str) -> Path:
    """A recording's one file without its folder and metadata.yaml."""
    file = bag_of(frames[:2]).write(Path('folder'), storage).rename(name)
    shutil.rmtree('folder')
    return file


def test_compressed_images_are_read_where_there_are_no_raw_ones(frames):
    bag_of(frames[:2], '/cam/image_raw/compressed', compressed).write(Path('packed'))
    both = bag_of(frames[:2])
    bag_of(frames[:2], '/cam/image_raw/compressed', compressed, bag=both).write(Path('both'))
    packed, raw = lines_of('packed'), lines_of('both')
    assert {line['topic'] for line in packed} == {'/cam/image_raw/compressed'}
    assert {line['topic'] for line in raw} == {'/cam/image_raw'}
    assert numbers_of(packed, 'landmarks').tolist() == numbers_of(raw, 'landmarks').tolist()
    # camera_info lies beside the raw topic.
    assert all(line['faces'][0]['pose'] for line in packed)
    chosen = lines_of('both', '--topic', 'cam/image_raw/compressed')
    assert {line['topic'] for line in chosen} == {'/cam/image_raw/compressed'}


def test_each_camera_has_its_own_stream_camera_info_and_depth(frames, depth_mm):
    shifted = [np.roll(depth_mm, 4 * number, axis=1) for number in range(FRAMES)]
    nearer = [(depth[:, ::-1] / FARTHER).astype(np.uint16) for depth in shifted]
    bag = bag_of(frames, '/left/image_raw', depths_mm=shifted)
    bag_of([frame[:, ::-1] for frame in frames], '/right/image_raw', bag=bag,
           depths_mm=nearer)  # fmt: skip
    bag.sent.sort(key=lambda one: one.log_ns)
    bag.write(Path('bag'))
    lines = lines_of('bag')
    by_topic = {}
    for line in lines:
        by_topic.setdefault(line['topic'], []).append(line)
    assert set(by_topic) == {'/left/image_raw', '/right/image_raw'}
    distances_m = []
    for topic in sorted(by_topic):
        camera = by_topic[topic]
        assert [line['frame'] for line in camera] == list(range(FRAMES))
        assert len({face['id'] for line in camera for face in line['faces']}) == 1
        assert set(numbers_of(camera, 'metric_source').ravel()) == {3}
        z_m = [line['faces'][0]['pose']['position_m'][2] for line in camera]
        distances_m.append(np.median(z_m))
    assert distances_m[0] / distances_m[1] == pytest.approx(FARTHER, rel=0.02)
    alone = lines_of('bag', '--topic', '/right/image_raw')
    assert numbers_of(alone, 'landmarks').tolist() == (
        numbers_of(by_topic['/right/image_raw'], 'landmarks').tolist()
    )


def test_depth_of_another_topic(frames, depth_mm):
    bag = bag_of(frames[:2])
    for number in range(2):
        stamp_ns = START_NS + number * PERIOD_NS
        msg = image(np.roll(depth_mm, 4 * number, axis=1), stamp_ns, '16UC1')
        bag.add('/cam/aligned_depth_to_color/image_raw', msg, stamp_ns + 21_000_000)
    bag.write(Path('bag'))
    # By itself it is no depth topic, and neither is it a camera.
    lines = lines_of('bag')
    assert {line['topic'] for line in lines} == {'/cam/image_raw'}
    assert 3 not in numbers_of(lines, 'metric_source')
    lines = lines_of('bag', '--depth-topic', '/cam/aligned_depth_to_color/image_raw')
    assert set(numbers_of(lines, 'metric_source').ravel()) == {3}


def test_the_stamps_of_the_headers_count_not_the_times_of_recording(frames):
    bag = bag_of(frames)
    converted = Bag()
    for one in bag.sent:
        converted.add(one.topic, one.msg, START_NS)  # all at once, as by a converter
    bag.write(Path('live'))
    converted.write(Path('converted'))
    live, other = lines_of('live'), lines_of('converted')
    assert [line['stamp_ns'] for line in other] == [line['stamp_ns'] for line in live]
    assert numbers_of(other, 'landmarks').tolist() == numbers_of(live, 'landmarks').tolist()


def test_each_image_has_the_camera_info_of_its_stamp(frames):
    """A zoom in the middle: distances grow with the focal length."""
    bag = Bag()
    for number, frame in enumerate(frames):
        stamp_ns = START_NS + number * PERIOD_NS
        fx = 400.0 if number < 3 else 800.0
        bag.add('/cam/image_raw', image(frame, stamp_ns), stamp_ns)
        info = camera_info((320, 240), stamp_ns, fx)
        bag.add('/cam/camera_info', info, stamp_ns + PERIOD_NS + 5_000_000)  # after the next image
    bag.write(Path('bag'))
    z_m = [line['faces'][0]['pose']['position_m'][2] for line in lines_of('bag', '--no-filter')]
    assert z_m[3] / z_m[2] == pytest.approx(2, rel=0.1)


def test_without_camera_info_there_are_pixels_and_a_note(frames, capsys):
    bag_of(frames[:2], with_info=False).write(Path('bag'))
    lines = lines_of('bag')
    assert [line['faces'][0]['pose'] for line in lines] == [None, None]
    assert 'no camera_info is recorded beside /cam/image_raw' in capsys.readouterr().err


def test_a_calibration_that_is_given_counts_before_the_recorded_one(frames):
    record = {'width': 320, 'height': 240, 'd': [], 'k': [800, 0, 159.5, 0, 800, 119.5, 0, 0, 1]}
    Path('camera.json').write_text(json.dumps(record))
    bag_of(frames[:1]).write(Path('bag'))
    (recorded,), (given,) = lines_of('bag'), lines_of('bag', '--camera-info', 'camera.json')
    ratio = (
        given['faces'][0]['pose']['position_m'][2] / recorded['faces'][0]['pose']['position_m'][2]
    )
    assert ratio == pytest.approx(2, rel=0.05)


@pytest.mark.parametrize('storage', StoragePlugin)
def test_of_a_recording_that_was_cut_short_what_is_there_is_read(storage, frames, capsys):
    file = bag_of([frames[0]] * 20).write(Path('bag'), storage)
    bag_of(frames[:1]).write(Path('whole'))
    (Path('bag') / 'metadata.yaml').unlink()
    content = file.read_bytes()
    file.write_bytes(content[: len(content) * 2 // 3])
    # The folder has the name of the file, as rosbag2 left it.
    lines = lines_of(str(file), 'whole', expected_status=1)
    cut = [line for line in lines if line['source'] != 'whole']
    assert 5 < len(cut) < 20
    assert [line['frame'] for line in cut] == list(range(len(cut)))
    assert all(line['faces'] for line in cut)
    assert [line['source'] for line in lines][-1] == 'whole'
    (error,) = [line for line in capsys.readouterr().err.splitlines() if 'cut short' in line]
    assert error.startswith(f'facemesh: {file} is cut short')


def test_a_recorder_that_was_killed_leaves_a_readable_write_ahead_log(frames, place):
    file = bag_of(frames[:2]).write(Path('bag_1'), StoragePlugin.SQLITE3)
    (file.parent / 'metadata.yaml').unlink()
    connection = sqlite3.connect(file)
    connection.execute('PRAGMA journal_mode=WAL')
    connection.execute('INSERT INTO messages SELECT 100, topic_id, timestamp + 1, data'
                       ' FROM messages WHERE id = 1')  # fmt: skip
    connection.commit()
    copy = place / 'bag_2'
    shutil.copytree(file.parent, copy)  # as it is while it is written
    connection.close()
    assert len(lines_of('bag_2')) == 3


def test_a_folder_of_recordings(frames):
    for name in ('one', 'two'):
        bag_of(frames[:1]).write(Path('day', name))
    cv2.imwrite('day/z.png', frames[0])
    assert [line['source'] for line in lines_of('day')] == ['day/one', 'day/two', 'day/z.png']


def test_the_files_of_a_split_recording_are_one_stream(frames):
    first = bag_of(frames[:3]).write(Path('first'))
    later = Bag([one for one in bag_of(frames).sent if one.log_ns > START_NS + 3 * PERIOD_NS])
    second = later.write(Path('second'))
    Path('bag').mkdir()
    first.rename('bag/bag_0.mcap')
    second.rename('bag/bag_1.mcap')
    lines = lines_of('bag')
    assert [line['frame'] for line in lines] == list(range(FRAMES))
    assert len({line['faces'][0]['id'] for line in lines}) == 1


def test_wrong_files_and_topics_are_told_in_one_line_each(frames, capsys):
    bag_of(frames[:1]).write(Path('bag'))
    for name in ('words.mcap', 'words.db3', 'empty.mcap', 'empty.db3'):
        Path(name).write_bytes(b'words' if name.startswith('words') else b'')
    Path('none').mkdir()
    Path('none/metadata.yaml').touch()
    no_images = Bag()
    no_images.add('/cam/camera_info', camera_info((320, 240), 1), 1)
    no_images.write(Path('no_images'))
    cases = {
        'words.mcap': 'words.mcap is no MCAP file',
        'words.db3': 'words.db3 is no sqlite3 file',
        'empty.mcap': 'empty.mcap is no MCAP file',
        'empty.db3': 'empty.db3 is no sqlite3 file',
        'no_images': 'no_images has no images: it has /cam/camera_info (sensor_msgs/msg/Came',
    }
    for name, error in cases.items():
        assert len(lines_of(name, 'bag', expected_status=1)) == 1
        assert capsys.readouterr().err.startswith(f'facemesh: {error}')
    for option, topic, error in (
        ('--topic', '/nowhere', 'bag has no topic /nowhere: it has /cam/camera_info'),
        ('--topic', '/cam/camera_info', 'bag: /cam/camera_info is sensor_msgs/msg/CameraInfo'),
        ('--depth-topic', '/nowhere', 'bag has no topic /nowhere'),
    ):
        assert lines_of('bag', option, topic, expected_status=1) == []
        assert capsys.readouterr().err.startswith(f'facemesh: {error}')


def test_images_that_cannot_be_decoded_are_counted_and_the_rest_goes_on(frames, capsys):
    bag = bag_of(frames)
    for number in (1, 2):
        bag.sent[2 * number].msg.encoding = 'yuv1234'
    bag.write(Path('bag'))
    lines = lines_of('bag', expected_status=1)
    assert [line['frame'] for line in lines] == [0, 3, 4, 5]
    error = capsys.readouterr().err.splitlines()[0]
    assert error.startswith('facemesh: bag: 2 images on /cam/image_raw: ')
    assert 'yuv1234' in error


def test_an_annotated_video_has_the_rate_of_the_recording(frames):
    bag_of(frames).write(Path('bag'))
    assert main(['run', 'bag', '--video', 'out.mp4', '--model', 'mesh']) == 0
    capture = cv2.VideoCapture('out.mp4')
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == FRAMES
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(30, rel=0.01)


def test_without_the_packages_it_says_which_to_install(frames, capsys, monkeypatch):
    bag_of(frames[:1]).write(Path('bag'))
    monkeypatch.setitem(__import__('sys').modules, 'mcap.reader', None)
    assert main(['run', 'bag']) == 1
    assert 'pip install mcap rosbags' in capsys.readouterr().err
