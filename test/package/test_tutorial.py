"""What the tutorial needs no ROS for; its node is run in test/ros/examples."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from facemesh_ros.geometry.canonical_face import MESH_LANDMARKS, load_topology
from facemesh_ros.geometry.named_points import NAMED_POINTS
from facemesh_ros.io.calibration_file import CalibrationFile

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / 'docs' / 'tutorial.md').read_text(encoding='utf-8')
(PROGRAM,) = (
    block for block in re.findall(r'```python\n(.*?)```', TUTORIAL, re.S) if 'rclpy' not in block
)
UPPER, LOWER = NAMED_POINTS['left_eyelid_upper'], NAMED_POINTS['left_eyelid_lower']


def a_line(stamp_s, *faces):
    seen = [{'id': name, 'landmarks': landmarks} for name, landmarks in faces]
    return json.dumps({'stamp_ns': round(stamp_s * 1e9), 'faces': seen})


def test_the_first_program_tells_of_blinks(tmp_path):
    is_open = (1000 * load_topology(MESH_LANDMARKS).canonical_vertices_m).tolist()
    is_closed = [*is_open]
    is_closed[UPPER] = is_open[LOWER]
    lines = [
        a_line(0.0, ('f00001', is_open), ('f00002', is_closed)),
        a_line(0.1, ('f00001', is_closed), ('f00002', is_closed)),
        a_line(0.2, ('f00001', is_closed), ('f00002', is_open)),
        a_line(0.3),
    ]
    (tmp_path / 'faces.jsonl').write_text('\n'.join(lines))
    done = subprocess.run(
        [sys.executable, '-c', PROGRAM], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ['0.10 s: f00001 blinks']


def test_the_clip_has_the_face_and_its_calibration(tmp_path, require_package):
    require_package('skimage')
    command = [sys.executable, ROOT / 'tools' / 'make_clip.py', 'clip.mp4', '--seconds', '0.2']
    command += ['--camera-info', 'camera.yaml', '--size', '320', '240']
    paths = [str(ROOT), *filter(None, [os.environ.get('PYTHONPATH')])]
    env = {**os.environ, 'PYTHONPATH': os.pathsep.join(paths)}
    subprocess.run(command, cwd=tmp_path, env=env, check=True)
    video = cv2.VideoCapture(str(tmp_path / 'clip.mp4'))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 6
    assert video.read()[1].shape == (240, 320, 3)
    calibration = CalibrationFile(tmp_path / 'camera.yaml').calibration_of(tmp_path / 'clip.mp4')
    # 43 degrees from top to bottom.
    assert calibration.k[4] == pytest.approx(120 / np.tan(np.radians(21.5)))
