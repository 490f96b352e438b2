"""`facemesh run` writes the same messages bit by bit, whatever the process and its machine do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mcap.reader import make_reader
from recordings import PERIOD_NS, START_NS, Bag, camera_info, compressed, depth_of_face, image

from facemesh_ros.cli.main import main

FRAMES = 14
# glibc fills memory that is given out, or given back, with these: what reads it before it is
# written is found.
FILLED = 'MALLOC_PERTURB_'
PROCESSES = {
    'plain': {},
    'one thread': {
        'PYTHONHASHSEED': '1',
        FILLED: '85',
        **dict.fromkeys(('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS'), '1'),
    },
    'several threads': {
        'PYTHONHASHSEED': '2',
        FILLED: '170',
        **dict.fromkeys(('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS'), '3'),
    },
}


@pytest.fixture
def place(workplace, require_models):
    require_models('v2', 'blendshapes', 'short_range', 'full_range')
    return workplace


@pytest.fixture
def bags(place, head) -> list[str]:
    """Each has a camera with depth and one of JPEG, both zoomed; the face comes and goes."""
    cv_head, wall = np.ascontiguousarray(head), np.full_like(head, 128)
    single = Bag()
    single.add('/a/image_raw', image(cv_head, START_NS), START_NS)
    single.add('/a/camera_info', camera_info((320, 240), START_NS), START_NS)
    single.write(Path('single'))
    assert main(['run', 'single', '--jsonl', 'single.jsonl']) == 0
    (line,) = [json.loads(line) for line in Path('single.jsonl').read_text().splitlines()]
    depth = depth_of_face(line['faces'][0], (320, 240), 1.1)
    for name, step_px in (('one', 3), ('two', -2)):
        bag = Bag()
        for number in range(FRAMES):
            stamp_ns = START_NS + number * PERIOD_NS
            is_there = number > 0 and not 4 <= number < 11
            shift_px = step_px * number
            pixels = np.roll(cv_head, shift_px, axis=1) if is_there else wall
            info = camera_info((320, 240), stamp_ns, 400.0 if number < 3 else 440.0)
            shifted = np.roll(depth, shift_px, axis=1)
            for topic, msg in (
                ('/a/image_raw', image(pixels, stamp_ns)),
                ('/a/camera_info', info),
                ('/a/depth/image_raw', image(shifted, stamp_ns, '16UC1')),
                ('/b/image_raw/compressed', compressed(pixels[:, ::-1], stamp_ns, 'jpg')),
                ('/b/camera_info', info),
            ):
                bag.add(topic, msg, stamp_ns)
        bag.write(Path(name))
    return ['one', 'two']


def test_whatever_the_process_does_each_byte_is_the_same(bags):
    found = {}
    for name, environment in PROCESSES.items():
        command = [sys.executable, '-m', 'facemesh_ros.cli', 'run', *bags, '--bag', name]
        command += ['--jobs', '2'] if name == 'plain' else []
        subprocess.run(command, env={**os.environ, **environment}, check=True)
        found[name] = [messages_of(Path(name, f'{bag}.mcap')) for bag in bags]
    expected = found.pop('plain')
    for topics in expected:
        assert '/facemesh/a/landmarks' in topics
        assert '/facemesh/b/landmarks' in topics
    for name, others in found.items():
        for one, other in zip(others, expected, strict=True):
            assert one.keys() == other.keys()
            for topic, messages in other.items():
                assert one[topic] == messages, (name, topic)


def messages_of(path: Path) -> dict[str, list[tuple[int, bytes]]]:
    """The messages of each topic, but the information on what runs the models, with its times."""
    found: dict[str, list[tuple[int, bytes]]] = {}
    with path.open('rb') as file:
        for _, channel, message in make_reader(file).iter_messages():
            if not channel.topic.endswith('/info'):
                found.setdefault(channel.topic, []).append((message.log_time, message.data))
    return found
