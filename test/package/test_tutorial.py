"""The program of the tutorial that needs no ROS; that with ROS is run in test/ros/examples."""

import json
import re
import subprocess
import sys
from pathlib import Path

from facemesh_ros.geometry.canonical_face import MESH_LANDMARKS, load_topology
from facemesh_ros.geometry.named_points import NAMED_POINTS

TUTORIAL = (Path(__file__).parents[2] / 'docs' / 'tutorial.md').read_text(encoding='utf-8')
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
