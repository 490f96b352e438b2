"""Programs and snippets of the documents, run as a reader would run them."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from consumer_messages import face_info, face_without_metres, faces_of_all_kinds, placed_face
from sensor_msgs.msg import CameraInfo

from facemesh_ros import consumer
from facemesh_ros.msg import FaceMesh
from test.ros.examples.conftest import Example

ROOT = Path(__file__).parents[3]
CONSUMERS = (ROOT / 'docs' / 'consumers.md').read_text(encoding='utf-8')
BLOCKS = re.findall(r'```python\n(.*?)```', CONSUMERS, re.S)
(PROGRAM,) = (block for block in BLOCKS if 'rclpy.spin' in block)
SNIPPETS = [block for block in BLOCKS if block is not PROGRAM]
# Of the canonical face, whose mouth is a little open.
RATIO = 5.78 / 49.12


def test_the_snippets_say_what_the_page_says_they_do(capsys):
    camera_info = CameraInfo(k=[500.0, 0, 320, 0, 500, 240, 0, 0, 1])
    names = {
        'np': np,
        'msg': faces_of_all_kinds(),
        'info': face_info(),
        'camera_info': camera_info,
    }
    for snippet in SNIPPETS:
        exec(snippet, names)
    said = capsys.readouterr().out
    assert 'f00001: mouth at [' in said
    assert 'f00001 looks at it' in said
    assert 'f00002 looks' not in said  # nothing is known of it
    assert 'f00004: eye 0.' in said
    assert 'f00003' not in said  # not seen
    # The last snippet ends with the last face, which looks along the optical axis.
    assert (names['u'], names['v']) == pytest.approx((320, 240), abs=30)


def test_there_is_a_snippet_for_each_function():
    for name in consumer.__all__:
        assert name in CONSUMERS or name in ('Look', 'Opening'), name


@pytest.fixture
def started(ros, tmp_path, request):
    """Start the page's program in a language."""

    def start(language: str) -> Example:
        if language == 'cpp':
            return Example(request.getfixturevalue('cpp_command')('mouths'), '/', ())
        (tmp_path / 'mouths.py').write_text(PROGRAM)
        return Example([sys.executable, str(tmp_path / 'mouths.py')], '/', ())

    running: list[Example] = []
    yield lambda language: running.append(start(language)) or running[-1]
    for example in running:
        example.end()


@pytest.mark.parametrize('language', ['python', 'cpp'])
def test_the_first_node_of_the_page_tells_of_mouths(started, room, language):
    example = started(language)
    faces = [placed_face(id='f00001'), placed_face(id='f00002', state=FaceMesh.STATE_COASTING)]

    def told() -> bool:
        room.show(faces)
        return example.says('f00001 ')

    room.client.wait_until(told, 'a mouth')
    ratio = float(next(line for line in example.lines if 'f00001' in line).split()[1])
    assert ratio == pytest.approx(RATIO, abs=0.01)
    assert not example.says('f00002')


def test_the_first_node_of_the_tutorial_greets_each_face_once(ros, room, tmp_path):
    tutorial = (ROOT / 'docs' / 'tutorial.md').read_text(encoding='utf-8')
    (program,) = (
        block for block in re.findall(r'```python\n(.*?)```', tutorial, re.S) if 'rclpy' in block
    )
    (tmp_path / 'greeter.py').write_text(program)
    example = Example([sys.executable, str(tmp_path / 'greeter.py')], '/', ())
    faces = [
        placed_face((-0.1, 0, 0.8), id='f00001'),
        face_without_metres(id='f00002'),
        placed_face(id='f00003', state=FaceMesh.STATE_TENTATIVE),
    ]

    def told() -> bool:
        room.show(faces)
        return len(example.lines) > 1

    try:
        room.client.wait_until(told, 'a greeting')
        room.show(faces)
    finally:
        example.end()
    place = ', 0.80 m away, 0.10 m to the left'
    greetings = [line for line in example.lines if line.startswith('hello')]
    assert greetings == [f'hello, f00001{place}', 'hello, f00002']


def test_the_commands_of_the_page_name_examples():
    named = set(re.findall(r'\bexamples/(\w+)\.py', CONSUMERS))
    named |= set(re.findall(r'ros2 run facemesh_ros (\w+)', CONSUMERS))
    named |= set(re.findall(r'^\| `(\w+)` \|', CONSUMERS, re.M))
    assert named >= {path.stem for path in (ROOT / 'examples').glob('*.py')}
    for name in named:
        for language in ('py', 'cpp'):
            assert (ROOT / 'examples' / f'{name}.{language}').exists()
