"""The demo as a stranger sees it: real processes, a picture of the face, nothing left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

from facemesh_ros.core.settings import SensorSettings
from facemesh_ros.core.types import Frame, PixelOrder
from facemesh_ros.media import count_pictures, image_from_file
from facemesh_ros.moving_face import moving_astronaut
from facemesh_ros.sensor import load_sensor

PATIENCE_S = 90.0
DEMO = [sys.executable, '-m', 'facemesh_ros.ros.demo']


@pytest.fixture(scope='module', autouse=True)
def _models(model_store, require_package):
    require_package('skimage.data')


def processes_of(marker: Path) -> list[str]:
    """Command lines of living processes whose environment carries a marker."""
    found = []
    for process in Path('/proc').glob('[0-9]*'):
        try:
            if str(marker).encode() in (process / 'environ').read_bytes():
                found.append((process / 'cmdline').read_bytes().replace(b'\0', b' ').decode())
        except OSError:
            continue  # it ended meanwhile
    return found


@pytest.fixture
def marked(tmp_path) -> dict[str, str]:
    """An environment by which the demo's processes are known, in a domain of their own."""
    domain = str(100 + os.getpid() % 80)
    return {**os.environ, 'DEMO_MARKER': str(tmp_path), 'ROS_DOMAIN_ID': domain}


def test_the_bundled_face_is_seen_and_drawn(tmp_path, marked):
    output = tmp_path / 'seen'
    done = subprocess.run(
        [*DEMO, '--seconds', '4', '--output', str(output)],
        env=marked,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    print(done.stdout, done.stderr)
    counts = re.search(r'(\d+) images sent, (\d+) answered: (\d+) with 1 face', done.stdout)
    sent, answered, with_one_face = map(int, counts.groups())
    assert sent >= answered > 0
    assert with_one_face == answered
    assert str(output) in done.stdout
    assert processes_of(tmp_path) == []
    assert count_pictures(output / 'faces.mp4') > 10
    assert_drawn(image_from_file(output / 'face.png'))


def assert_drawn(picture):
    """The picture shows the face, and something is drawn on it that was not there."""
    faces = load_sensor(SensorSettings()).stream().process(Frame(picture, PixelOrder.BGR))
    assert len(faces) == 1
    x0, y0, x1, y1 = faces.boxes_xyxy[0].astype(int)
    assert green_share(picture[y0:y1, x0:x1]) > 0.05
    assert green_share(moving_astronaut((640, 480)).image_at(0)) < 0.005


def green_share(picture):
    """How much of a picture has the colour of the first face's mesh."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV)
    return cv2.inRange(hsv, (60, 60, 60), (100, 255, 255)).mean() / 255


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_no_process(tmp_path, marked, number):
    demo = subprocess.Popen(
        [*DEMO, '--output', str(tmp_path / 'seen')],
        env=marked,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert any('fps' in line for line in demo.stdout)  # it shows something
    assert len(processes_of(tmp_path)) == 3
    demo.send_signal(number)
    demo.communicate(timeout=PATIENCE_S)
    assert processes_of(tmp_path) == []


def test_a_node_that_cannot_start_is_told(tmp_path, marked):
    empty = tmp_path / 'empty'
    start = time.monotonic()
    done = subprocess.run(
        [*DEMO, '--output', str(tmp_path / 'seen')],
        env={**marked, 'FACEMESH_MODEL_DIR': str(empty)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert time.monotonic() - start < PATIENCE_S
    assert done.returncode == 1
    assert 'facemesh models fetch' in done.stderr
    assert processes_of(tmp_path) == []


@pytest.mark.parametrize(
    ('arguments', 'text'),
    [
        (['--image', 'nowhere.png'], 'nowhere.png'),
        (['--video', 'nowhere.mp4'], 'nowhere.mp4'),
        (['--camera', '77'], '/dev/video77'),
    ],
)
def test_a_source_that_cannot_be_opened_is_told(marked, arguments, text):
    done = subprocess.run(
        [*DEMO, *arguments], env=marked, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 1
    assert text in done.stderr
    assert 'Traceback' not in done.stderr
