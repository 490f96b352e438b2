"""Where `facemesh run --bag` puts recordings, and under which topics."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from mcap.reader import make_reader
from recordings import bag_of
from rosbags.interfaces import (
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import Reader, StoragePlugin

from facemesh_ros.cli.main import main


@pytest.fixture(autouse=True)
def place(workplace, require_models):
    require_models('mesh')
    return workplace


def run(*arguments: str, expected_status: int = 0) -> None:
    assert main(['run', *arguments, '--model', 'mesh']) == expected_status


def counts_in(path: str) -> dict[str, int]:
    """Messages of each topic, by a reader that shares no code with the writer."""
    with Reader(path) as reader:
        return {connection.topic: connection.msgcount for connection in reader.connections}


def test_several_cameras_have_topics_of_their_own(head):
    bag = bag_of([head] * 2, '/front/image_raw')
    bag_of([head] * 2, '/rear/color/image_raw', bag=bag)
    bag.write(Path('bag'))
    run('bag', '--bag', 'out.mcap')
    ours = {topic for topic in counts_in('out.mcap') if topic.startswith('/facemesh')}
    assert ours == {
        f'/facemesh/{camera}/{name}'
        for camera in ('front', 'rear/color')
        for name in ('landmarks', 'info', 'markers', 'annotations')
    }


def test_several_recordings_go_into_a_folder_damaged_ones_too(head, capsys):
    for folder in ('monday', 'tuesday'):
        bag_of([head]).write(Path(folder, 'bag'), StoragePlugin.SQLITE3)
    cut = bag_of([np.roll(head, number, axis=1) for number in range(20)]).write(Path('x'))
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    shutil.move(cut, 'cut.mcap')
    run('monday', 'tuesday', 'cut.mcap', '--bag', 'made/out', expected_status=1)
    assert sorted(file.name for file in Path('made/out').iterdir()) == [
        'bag.mcap',
        'bag_2.mcap',
        'cut.mcap',
    ]
    assert counts_in('made/out/bag_2.mcap') == {
        '/cam/image_raw': 1,
        '/cam/camera_info': 1,
        '/facemesh/annotations': 1,
        '/facemesh/info': 1,
        '/facemesh/landmarks': 1,
        '/facemesh/markers': 1,
        '/tf': 1,
    }
    counts = counts_in('made/out/cut.mcap')
    assert 0 < counts['/facemesh/landmarks'] == counts['/cam/image_raw'] < 20
    assert 'wrote 3 recordings to made/out' in capsys.readouterr().err


def test_a_recording_that_holds_faces_gets_new_ones_in_their_place(head):
    bag_of([head] * 3).write(Path('bag'))
    run('bag', '--bag', 'once.mcap')
    run('once.mcap', '--bag', 'twice.mcap')
    once, twice = counts_in('once.mcap'), counts_in('twice.mcap')
    # A frame of a face comes once more: /tf is everybody's.
    assert twice == {**once, '/tf': 2 * once['/tf']}


def test_every_definition_is_in_the_file(head):
    """Foxglove and `ros2 bag` know no message of this package otherwise."""
    bag_of([head]).write(Path('bag'), StoragePlugin.SQLITE3)
    run('bag', '--bag', 'out.mcap')
    with open('out.mcap', 'rb') as file:
        schemas = make_reader(file).get_summary().schemas.values()
    texts = {schema.name: schema.data.decode() for schema in schemas}
    own = Path(__file__).parents[2] / 'msg' / 'FaceMesh.msg'
    fields = [line.split('#')[0].split() for line in own.read_text().splitlines()]
    definition = texts['facemesh_ros/msg/FaceMeshArray']
    for field in filter(None, fields):
        assert ' '.join(field) in definition
    assert 'float64[9] k' in texts['sensor_msgs/msg/CameraInfo']


def qualities_in(path: str) -> dict[str, tuple[int, bool, bool]]:
    """Depth, whether reliable, whether latched of each topic, by the other reader."""
    with Reader(path) as reader:
        return {
            connection.topic: (
                quality.depth,
                quality.reliability is QosReliability.RELIABLE,
                quality.durability is QosDurability.TRANSIENT_LOCAL,
            )
            for connection in reader.connections
            for quality in connection.ext.offered_qos_profiles
        }


@pytest.mark.parametrize('storage', StoragePlugin)
def test_topics_are_played_with_the_quality_they_were_published_with(head, storage):
    """`ros2 bag play` would otherwise latch neither ~/info nor the robot's own frames."""
    latched = Qos(
        QosHistory.KEEP_LAST,
        7,
        QosReliability.RELIABLE,
        QosDurability.TRANSIENT_LOCAL,
        *[QosTime(9223372036, 854775807)] * 2,
        QosLiveliness.AUTOMATIC,
        QosTime(9223372036, 854775807),
        False,
    )
    bag_of([head] * 2).write(Path('bag'), storage, qualities={'/cam/camera_info': [latched]})
    run('bag', '--bag', 'out.mcap')
    qualities = qualities_in('out.mcap')
    assert qualities.pop('/cam/camera_info') == (7, True, True)
    assert qualities == {
        '/facemesh/landmarks': (5, True, False),
        '/facemesh/markers': (5, True, False),
        '/facemesh/annotations': (5, True, False),
        '/facemesh/info': (1, True, True),
        '/tf': (100, True, False),
    }


def test_what_cannot_be_is_told_before_anything_is_read(head, capsys):
    for name in ('one', 'two'):
        bag_of([head]).write(Path('day', name))
    cases = [
        (['face.png', '--bag', 'out.mcap'], 'there is no recording among the files'),
        (['day', '--bag', 'out.mcap'], 'cannot take 2 recordings: give a folder'),
        (['day/one', '--bag', 'x.mcap', '--jsonl', 'x.mcap'], 'cannot take --bag too'),
        (['day/one', '--bag', 'day/one/out.mcap'], 'choose another place'),
        (['day/one', '--bag', 'face.png/out.mcap'], 'face.png is not a folder'),
        (['day', '--bag', 'face.png/out'], 'face.png is not a folder'),
    ]
    for arguments, reason in cases:
        run(*arguments, expected_status=1)
        assert reason in capsys.readouterr().err
    assert not Path('out.mcap').exists()


def test_a_recording_that_cannot_be_read_leaves_no_file(head):
    bag_of([head]).write(Path('bag'))
    Path('words.mcap').write_bytes(b'words')
    run('words.mcap', 'bag', '--bag', 'out', expected_status=1)
    assert [file.name for file in Path('out').iterdir()] == ['bag.mcap']
