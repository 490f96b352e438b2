"""The demo's view: in a narrow terminal, and in one that cannot be redrawn."""

from __future__ import annotations

import io
import math
import os
import pty
import signal
import subprocess
import sys

import numpy as np
import pytest
from geometry_msgs.msg import Point, Pose, PoseWithCovariance
from rich.console import Console

from facemesh_ros.geometry.canonical_face import canonical_face_m
from facemesh_ros.msg import FaceMesh, FaceMeshArray, FaceMeshInfo
from facemesh_ros.ros.demo.monitor import Monitor
from facemesh_ros.ros.demo.recording import Recording
from facemesh_ros.ros.demo.view import line, view

PATIENCE_S = 60.0
STAGES = {
    'decode': '0.04',
    'landmarks': '19.92',
    'detect': '8.26',
    'new faces': '24.48',
    'filter': '0.48',
    'blendshapes': '1.39',
    'publish': '1.08',
    'stamp to published': '52.75',
    'debug image': '3.27',
}
FOOTER = 'To listen: ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST and what is below /demo_1234/facemesh'


@pytest.fixture
def monitor(ros, tmp_path):
    """A monitor with twelve faces, of which the first is tracked without a detector."""
    node = Monitor('/demo_test', Recording(tmp_path / 'faces.mp4', 30.0, 1.0))
    node.info = FaceMeshInfo(
        detector='short_range+full_range', model='v2', execution_provider='CPUExecutionProvider'
    )
    faces = [
        FaceMesh(
            id=f'f{number:05}',
            age=12345,
            detection_score=math.nan if number == 1 else 0.91,
            presence=0.99,
            box=[1120.0, 840.0, 1520.0, 1240.0],
            metric_source=number % 2,
            pose=PoseWithCovariance(pose=Pose(position=Point(x=3.0, y=-4.0, z=12.0))),
        )
        for number in range(1, 13)
    ]
    node.last = FaceMeshArray(faces=faces)
    node.diagnostics = {f'{name} (ms)': value for name, value in STAGES.items()}
    yield node
    node.destroy_node()


def show_a_face(monitor):
    """Let the monitor have one face, upright, in the middle of an image."""
    out, left, up = 1500.0 * canonical_face_m().T
    points = np.stack([320.0 + left, 240.0 - up, -out], axis=1)
    face = FaceMesh(id='f00001', state=FaceMesh.STATE_TRACKED, landmarks=points.ravel().tolist())
    monitor.last = FaceMeshArray(image_width=640, image_height=480, faces=[face])


@pytest.mark.parametrize(('rows', 'drawn'), [(24, 13), (45, 30), (18, 0)])
def test_a_face_is_drawn_where_there_is_room(monitor, rows, drawn):
    show_a_face(monitor)
    file = io.TextIOWrapper(io.BytesIO(), encoding='utf-8')
    console = Console(width=80, height=rows, record=True, file=file)
    console.print(view(monitor, FOOTER, console))
    lines = console.export_text().splitlines()
    sketch = [line for line in lines if any('\u2800' <= letter <= '\u28ff' for letter in line)]
    assert len(lines) < rows
    assert len(sketch) == drawn
    assert all(len(line) == 2 * drawn for line in sketch)
    if drawn:  # as wide to the left as to the right, as faces are
        dots = np.array(
            [[(ord(letter) - 0x2800).bit_count() for letter in line] for line in sketch]
        )
        left, right = dots[:, :drawn].sum(), dots[:, drawn:].sum()
        assert left > 50
        assert abs(left - right) < 0.2 * left  # in whole dots


def test_a_terminal_without_braille_gets_none(monitor):
    show_a_face(monitor)
    file = io.TextIOWrapper(io.BytesIO(), encoding='ascii')
    console = Console(width=80, height=40, record=True, file=file)
    console.print(view(monitor, FOOTER, console))
    assert console.export_text().isascii()


@pytest.mark.parametrize('columns', [60, 80, 200])
def test_nothing_is_cut_at_the_right(monitor, columns):
    console = Console(width=columns, height=24, record=True, file=io.StringIO())
    console.print(view(monitor, FOOTER, console))
    shown = console.export_text()
    lines = shown.splitlines()
    assert '…' not in shown
    assert max(map(len, lines)) <= columns
    assert '400x400 at 1120,840' in shown
    assert 'tracked' in shown
    assert shown.count('13.00') == 4  # of the eight shown those in metres
    assert '0.00' not in shown
    assert 'nan' not in shown
    assert 'and 4 more' in shown
    words = ' '.join(shown.split())
    for name, value in STAGES.items():
        assert f'{name} {value}' in words
    assert FOOTER in words
    assert len(lines) <= 24


def test_the_distance_is_in_the_line_too(monitor):
    assert 'f00001 13.00 m, f00002, f00003 13.00 m' in line(monitor)


@pytest.mark.parametrize('terminal', ['dumb', 'xterm'])
def test_a_terminal_shows_it_while_it_runs(model_store, require_package, tmp_path, terminal):
    require_package('skimage.data')
    ours, theirs = pty.openpty()
    command = [sys.executable, '-m', 'facemesh_ros.ros.demo', '--output', str(tmp_path / 'out')]
    variables = {**os.environ, 'TERM': terminal, 'COLUMNS': '60'}
    with subprocess.Popen(command, env=variables, stdout=theirs, stderr=theirs) as demo:
        os.close(theirs)
        shown = b''
        while b' fps' not in shown:
            shown += os.read(ours, 4096)
        demo.send_signal(signal.SIGINT)
        shown += b''.join(iter(lambda: rest_of(ours), b''))
        assert demo.wait(PATIENCE_S) == 0
    os.close(ours)
    assert b'images sent' in shown
    assert (b'\x1b[' in shown.partition(b'To listen')[2]) == (terminal == 'xterm')


def rest_of(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # its other side is closed
        return b''
