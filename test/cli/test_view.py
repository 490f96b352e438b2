"""`facemesh view PATH` and `facemesh run --view`: what is found in files, in the viewer."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

import facemesh_ros
from facemesh_ros.cli.main import main

COMMAND = [sys.executable, '-m', 'facemesh_ros.cli']
CAMERA = """\
image_width: 320
image_height: 240
camera_name: it
camera_matrix: {rows: 3, cols: 3, data: [300, 0, 160, 0, 300, 120, 0, 0, 1]}
distortion_model: plumb_bob
distortion_coefficients: {rows: 1, cols: 5, data: [0, 0, 0, 0, 0]}
rectification_matrix: {rows: 3, cols: 3, data: [1, 0, 0, 0, 1, 0, 0, 0, 1]}
projection_matrix: {rows: 3, cols: 4, data: [300, 0, 160, 0, 0, 300, 120, 0, 0, 0, 1, 0]}
"""
LANDMARKS, COUNT = 'Points2D:positions', 'Scalars:scalars'


@pytest.fixture(autouse=True)
def place(workplace, require_models, require_package, monkeypatch) -> Path:
    require_models('mesh')
    require_package('rerun')
    require_package('rosbags')
    monkeypatch.setenv('RERUN_STRICT', '1')
    return workplace


def saved(*arguments: str, expected_status: int = 0):
    from rerun_file import RerunFile

    assert main(['view', *arguments, '--model', 'mesh', '--save', 'it.rrd']) == expected_status
    return RerunFile(Path('it.rrd'))


def landmarks_of_run(*arguments: str) -> list[list[np.ndarray]]:
    """By image the landmarks of each face, as `facemesh run` finds them."""
    assert main(['run', *arguments, '--model', 'mesh', '--jsonl', 'it.jsonl']) == 0
    lines = map(json.loads, Path('it.jsonl').read_text().splitlines())
    return [[np.array(face['landmarks'])[:, :2] for face in line['faces']] for line in lines]


def test_a_video_is_shown_as_run_finds_it(clip):
    Path('camera.yaml').write_text(CAMERA)
    it = saved('clip.mp4', '--camera-info', 'camera.yaml')
    for image, (face,) in enumerate(landmarks_of_run('clip.mp4')):
        drawn = it.array('/clip.mp4/picture/faces/f00001/landmarks', LANDMARKS, image)
        np.testing.assert_allclose(drawn, face + 0.5, atol=2e-3)
    assert it.value('/clip.mp4/space/faces/f00001/mesh', 'Mesh3D:vertex_positions', 3)
    assert it.value('/clip.mp4/curves/latency/finding\\ the\\ faces', COUNT, 3)[0] > 0


def test_the_pictures_of_a_folder_are_one_stream(head):
    Path('album').mkdir()
    cv2.imwrite('album/a.png', head)
    cv2.imwrite('album/b.png', np.zeros_like(head))
    it = saved('album')
    counts = [it.value('/pictures\\ in\\ album/curves/faces', COUNT, image) for image in (0, 1)]
    assert counts == [[1], [0]]
    faces = '/pictures\\ in\\ album/picture/faces'
    assert it.value(f'{faces}/f00001/landmarks', LANDMARKS, 0)
    assert it.value(f'{faces}/f00001/landmarks', LANDMARKS, 1) is None


def test_a_recording_without_faces_is_searched(head):
    from recordings import bag_of

    bag_of([head] * 2, '/cam/image_raw').write(Path('bag'))
    it = saved('bag')
    assert it.value('/cam/image_raw/picture/faces/f00001/landmarks', LANDMARKS, 1)


def test_a_recording_with_faces_is_shown_as_it_was_recorded_unless_they_are_sought_again(head):
    from face_recordings import FaceBag, faces_msg, placed_face
    from face_recordings import info as face_info
    from recordings import bag_of

    bag, stamp_ns = FaceBag(), 1_700_000_000 * 10**9
    bag.add('/facemesh/info', face_info(), stamp_ns)
    bag.add_faces(faces_msg(stamp_ns, [placed_face('f00042')], latency=0.033))
    bag.write(Path('faces'))
    it = saved('faces')
    (root,) = {entity.split('/picture')[0] for entity in it.rows if 'f00042/landmarks' in entity}
    drawn = it.array(f'{root}/picture/faces/f00042/landmarks', LANDMARKS, 0)
    expected = np.array(placed_face().landmarks).reshape(-1, 3)[:, :2]
    np.testing.assert_allclose(drawn, expected + 0.5, atol=1e-3)
    latency = it.value(f'{root}/curves/latency/image\\ to\\ message', COUNT, 0)
    assert latency == [pytest.approx(33.0)]
    bag_of([head] * 2, '/cam/image_raw').write(Path('bag'))
    assert main(['run', 'bag', '--bag', 'both.mcap', '--model', 'mesh']) == 0
    recorded, sought = saved('both.mcap'), saved('both.mcap', '--again')
    times = '/cam/image_raw/curves/latency/finding\\ the\\ faces'
    assert times not in recorded.rows
    assert times in sought.rows
    entity = '/cam/image_raw/picture/faces/f00001/landmarks'
    both = [one.array(entity, LANDMARKS, 1) for one in (recorded, sought)]
    np.testing.assert_allclose(both[0], both[1], atol=1e-3)
    assert recorded.value('/cam/image_raw/picture', 'EncodedImage:blob', 1)


def test_a_damaged_file_is_named_and_the_others_are_shown(clip, capsys):
    Path('words.mcap').write_text('words')
    it = saved('words.mcap', 'clip.mp4', expected_status=1)
    assert 'words.mcap' in capsys.readouterr().err
    assert it.value('/clip.mp4/picture/faces/f00001/landmarks', LANDMARKS, 3)


def test_at_a_rate_a_video_takes_its_time(clip):
    """Four pictures at 10 Hz, five times slower."""
    start_s = time.monotonic()
    saved('clip.mp4', '--rate', '0.2')
    assert time.monotonic() - start_s > 3 * 0.1 / 0.2


@pytest.mark.parametrize(
    ('arguments', 'said'),
    [
        (['face.png', '--save', 'it.png'], 'end in .rrd'),
        (['face.png', '--port', '0'], '1 to 65535'),
        (['face.png', '--rate', '0'], 'more than 0'),
        (['face.png', '--image-topic', '/a'], 'not with PATH'),
        (['face.png', 'it.rrd'], 'shown alone'),
        (['face.png', '--depth', '{stem}.png'], '--camera-info'),
    ],
)
def test_a_wrong_command_line_says_what_is_wrong(arguments, said, capsys):
    with pytest.raises(SystemExit) as ended:
        main(['view', *arguments])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_a_file_that_cannot_be_written_or_read_is_one_line(capsys):
    assert main(['view', 'face.png', '--model', 'mesh', '--save', 'nowhere/it.rrd']) == 1
    assert main(['view', 'missing.rrd', '--web']) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert 'nowhere/it.rrd' in said[0]
    assert 'missing.rrd' in said[1]


def test_without_rerun_one_line_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, 'rerun', None)
    assert main(['view', 'face.png']) == 1
    assert re.fullmatch(r'facemesh: .*rerun-sdk.*pip install.*\n', capsys.readouterr().err)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    'arguments', [['view', 'clip.mp4'], ['run', 'clip.mp4', '--view', '--jsonl', 'it.jsonl']]
)
def test_it_stays_until_it_is_ended_and_leaves_nothing_behind(clip, arguments, number):
    command = [*COMMAND, *arguments, '--model', 'mesh']
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=environment()
    ) as process:
        said = []
        for line in process.stderr:
            said.append(line)
            if 'all is shown' in line:
                break
        children = _descendants(process.pid)
        process.send_signal(number)
        said.append(process.communicate(timeout=60)[1])
    assert process.returncode == 0
    assert 'http://localhost:' in ''.join(said)
    assert 'Traceback' not in ''.join(said)
    assert children
    assert not [child for child in children if Path(f'/proc/{child}').exists()]
    if arguments[0] == 'run':
        assert len(Path('it.jsonl').read_text().splitlines()) == 4


def test_a_viewer_that_is_closed_ends_view_and_not_run(clip):
    """The window is closed while a video is shown."""
    for arguments, ends in ((['view', 'clip.mp4', '--web'], True), (['run', 'clip.mp4'], False)):
        options = ['--rate', '0.1'] if ends else ['--view', '--jsonl', 'it.jsonl']
        command = [*COMMAND, *arguments, *options, '--model', 'mesh']
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment()) as it:
            said = [it.stderr.readline()]
            for child in _descendants(it.pid):
                os.kill(child, signal.SIGKILL)
            said += it.communicate(timeout=60)
        assert it.returncode == 0, said
        assert ('the viewer was closed' in ''.join(filter(None, said))) == ends
    assert len(Path('it.jsonl').read_text().splitlines()) == 4


def environment() -> dict[str, str]:
    """Without a display, and for a process that starts elsewhere."""
    env = {name: it for name, it in os.environ.items() if not name.endswith('DISPLAY')}
    paths = [str(Path(facemesh_ros.__file__).parents[1]), env.get('PYTHONPATH', '')]
    return {**env, 'PYTHONPATH': os.pathsep.join(filter(None, paths))}


def _descendants(pid: int) -> list[int]:
    listed = Path(f'/proc/{pid}/task').glob('*/children')
    children = [int(child) for path in listed for child in path.read_text().split()]
    return children + [below for child in children for below in _descendants(child)]
