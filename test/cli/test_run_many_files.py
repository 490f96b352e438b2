"""`facemesh run` on many files: several at a time, and on from where it was interrupted."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from dask_cluster import kill_whoever_opens
from recordings import bag_of
from rosbags.rosbag2 import Reader
from videos import write_video

import facemesh_ros
from facemesh_ros.cli.main import main

COMMAND = [sys.executable, '-m', 'facemesh_ros.cli', 'run']
PACKAGE_PARENT = str(Path(facemesh_ros.__file__).parents[1])
PATIENCE_S = 120


@pytest.fixture(autouse=True)
def place(clip, require_models):
    require_models('mesh')
    return clip.parent


@pytest.fixture
def inputs(head, place) -> list[str]:
    """Pictures, a video and recordings, one of them damaged, some with the same person."""
    for number in range(3):
        bag_of([np.roll(head, 5 * number, axis=1)] * 3).write(Path(f'bag{number}'))
    cv2.imwrite('wall.png', np.full_like(head, 128))
    Path('words.png').write_text('words')
    Path('words.mcap').write_text('words')
    return ['face.png', 'bag0', 'words.png', 'clip.mp4', 'words.mcap', 'bag1', 'wall.png', 'bag2',
            'clip.mp4']  # fmt: skip


def run(*arguments: str, expected_status: int = 0) -> None:
    assert main(['run', *arguments, '--model', 'mesh']) == expected_status


def lines_of(path: str) -> list[dict]:
    """The lines of a file but for their times."""
    lines = [json.loads(line) for line in Path(path).read_text().splitlines()]
    return [{**line, 'ms': 0} for line in lines]


def started(*arguments: str, **options) -> subprocess.Popen:
    paths = [PACKAGE_PARENT, os.environ.get('PYTHONPATH', '')]
    env = {**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, paths))}
    command = [*COMMAND, *arguments, '--model', 'mesh']
    options = {'stderr': subprocess.PIPE, 'text': True, **options}
    return subprocess.Popen(command, env=env, **options)


def wait_for(path: str, lines: int) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not Path(path).exists() or Path(path).read_bytes().count(b'\n') < lines:
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def messages_in(path: Path) -> dict[str, list[bytes]]:
    with Reader(path) as reader:
        found: dict[str, list[bytes]] = {}
        for connection, _, data in reader.messages():
            if connection.msgtype != 'facemesh_ros/msg/FaceMeshInfo':  # it has times
                found.setdefault(connection.topic, []).append(bytes(data))
        return found


def test_several_at_a_time_give_the_same_in_the_same_order(inputs, capsys):
    said = {}
    for jobs in ('1', '3'):
        outputs = ['--jsonl', f'{jobs}.jsonl', '--bag', f'out{jobs}']
        run(*inputs, *outputs, '--jobs', jobs, expected_status=1)
        said[jobs] = capsys.readouterr().err.replace(f'{jobs}.jsonl', 'out.jsonl')
        said[jobs] = said[jobs].replace(f'out{jobs}', 'out')
    assert said['3'] == said['1']
    assert 'words.png is not a readable picture' in said['1']
    assert 'words.mcap is no MCAP file' in said['1']
    alone, together = lines_of('1.jsonl'), lines_of('3.jsonl')
    assert len(alone) == 1 + 3 + 4 + 3 + 1 + 3 + 4
    # Each worker has other cores, whose last bits may differ: numbers are rounded to 1e-3 px.
    assert _shape_of(together) == _shape_of(alone)
    for one, other in zip(together, alone, strict=True):
        for mine, theirs in zip(one['faces'], other['faces'], strict=True):
            np.testing.assert_allclose(mine['landmarks'], theirs['landmarks'], atol=2e-3)
    assert sorted(file.name for file in Path('out3').iterdir()) == [
        f'bag{number}.mcap' for number in range(3)
    ]
    for number in range(3):
        counts = [
            {topic: len(them) for topic, them in messages_in(Path(out, name)).items()}
            for out in ('out1', 'out3')
            for name in [f'bag{number}.mcap']
        ]
        assert counts[0] == counts[1]


def _shape_of(lines: list[dict]) -> list[tuple]:
    return [
        (line['source'], line.get('topic'), line['frame'], [face['id'] for face in line['faces']])
        for line in lines
    ]


@pytest.mark.parametrize('jobs', ['1', '2'])
def test_an_interrupted_run_goes_on_where_it_was(place, head, jobs):
    names = [f'v{number}.mp4' for number in range(40)]
    for name in names:
        Path(name).symlink_to('clip.mp4')
    whole = ['--jsonl', 'whole.jsonl', '--video', 'whole'][: 2 if jobs == '2' else 4]
    run(*names, *whole)
    part = [name.replace('whole', 'part') for name in whole]
    with started(*names, *part, '--jobs', jobs) as process:
        wait_for('part.jsonl', 6)
        process.send_signal(signal.SIGINT)
        errors = process.stderr.read()
    assert process.returncode == 130
    assert 'the same with --resume goes on from there' in errors
    assert Path('part.jsonl.progress').exists()
    done = len(Path('part.jsonl.progress').read_text().splitlines()) - 1
    assert 1 <= done < 40
    with started(*names, *part, '--jobs', jobs, '--resume') as process:
        errors = process.stderr.read()
    assert process.returncode == 0
    assert f'{"s" * (done > 1)} done before): 160 images, 160 with a face' in errors
    assert not Path('part.jsonl.progress').exists()
    assert _shape_of(lines_of('part.jsonl')) == _shape_of(lines_of('whole.jsonl'))
    if jobs == '1':
        folders = [sorted(file.name for file in Path(out).iterdir()) for out in ('part', 'whole')]
        assert folders[0] == folders[1]


def test_a_machine_that_went_down_leaves_a_run_that_goes_on(inputs):
    run(*inputs, '--jsonl', 'whole.jsonl', expected_status=1)
    many = [*inputs, *['clip.mp4'] * 100]
    with started(*many, '--jsonl', 'part.jsonl') as process:
        wait_for('part.jsonl.progress', 8)
        process.kill()
    # As if the last record had been written in part only.
    progress = Path('part.jsonl.progress')
    progress.write_bytes(b''.join(progress.read_bytes().splitlines(True)[:6]) + b'{"source": "')
    with open('part.jsonl', 'a') as file:
        file.write('{"source": "cl')
    # What was done already counts: of the two files that could not be read, too.
    run(*many, '--jsonl', 'part.jsonl', '--resume', expected_status=1)
    lines = lines_of('part.jsonl')
    assert _shape_of(lines[: len(lines_of('whole.jsonl'))]) == _shape_of(lines_of('whole.jsonl'))
    assert len(lines) == 19 + 400


def test_recordings_that_are_done_are_not_written_again(inputs):
    for number in range(3, 40):
        Path(f'bag{number}').symlink_to('bag1')
    bags = [f'bag{number}' for number in range(40)]
    with started(*bags, '--bag', 'out') as process:
        wait_for('out.progress', 4)
        process.send_signal(signal.SIGTERM)
        errors = process.stderr.read()
    assert process.returncode == 128 + signal.SIGTERM
    complete = {file: file.stat().st_mtime_ns for file in Path('out').glob('bag?.mcap')}
    assert len(complete) >= 3
    assert 'wrote' in errors
    run(*bags, '--bag', 'out', '--resume')
    assert all(file.stat().st_mtime_ns == time_ns for file, time_ns in complete.items())
    assert {file.name for file in Path('out').iterdir()} == {f'bag{n}.mcap' for n in range(40)}
    # Each is as from a node of its own: ids begin at 1.
    assert (
        messages_in(Path('out/bag1.mcap'))['/facemesh/landmarks']
        == (messages_in(Path('out/bag30.mcap'))['/facemesh/landmarks'])
    )


def test_what_does_not_fit_an_interrupted_run_is_told(inputs, capsys):
    with started(*['clip.mp4'] * 200, '--jsonl', 'out.jsonl') as process:
        wait_for('out.jsonl.progress', 3)
        process.send_signal(signal.SIGINT)
        process.stderr.read()
    run('clip.mp4', '--jsonl', 'out.jsonl', '--resume', '--static', expected_status=1)
    assert 'out.jsonl.progress is of a run with other options' in capsys.readouterr().err
    with open('clip.mp4', 'ab') as file:
        file.write(b'more')
    run('clip.mp4', '--jsonl', 'out.jsonl', '--resume', expected_status=1)
    assert 'clip.mp4 is done, but that has changed since' in capsys.readouterr().err


def test_a_pipe_takes_lines_and_no_record_of_them(place):
    os.mkfifo('pipe')
    with started('face.png', 'clip.mp4', '--jsonl', 'pipe') as process:
        lines = Path('pipe').read_text().splitlines()
        errors = process.stderr.read()
    assert process.returncode == 0, errors
    assert len(lines) == 5
    assert not Path('pipe.progress').exists()


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['--resume'], 'argument --resume: needs results that can be continued'),
        (['--resume', '--jsonl', '-'], 'argument --resume: needs'),
        (['--resume', '--jsonl', 'out.jsonl', '--video', 'out.mp4'], 'argument --resume: needs'),
        (['--jobs', '0'], 'argument --jobs: at least 1'),
        (['--jobs', '2', '--cluster', 'a:1'], 'argument --jobs: the workers of --cluster say'),
        (['--share', '0/5'], 'argument --share: the number is to be from 1 to the count, 5'),
        (['--share', '6/5'], 'argument --share: the number is to be from 1'),
        (['--share', '1/0'], 'argument --share: the number is to be from 1'),
        (['--share', '2'], 'argument --share: is to be NUMBER/COUNT, as 2/5'),
        (['--share', '-1/5'], 'argument --share: '),
        (['--share', '1/5', '--share', '2/5'], 'argument --share: given twice'),
    ],
)
def test_options_that_cannot_be_are_told(capsys, arguments, reason):
    with pytest.raises(SystemExit, match='2'):
        main(['run', 'face.png', *arguments])
    assert reason in capsys.readouterr().err


def test_the_files_of_a_process_that_is_killed_are_done_again(place):
    run(*['clip.mp4'] * 40, '--jsonl', 'whole.jsonl')
    with started(*['clip.mp4'] * 40, '--jsonl', 'out.jsonl', '--jobs', '2') as process:
        kill_whoever_opens(process.pid, 'clip.mp4', 1)
        errors = process.stderr.read()
    assert process.returncode == 0, errors
    assert 'a process was killed by SIGKILL; 1 file that it had not done is done again' in errors
    assert _shape_of(lines_of('out.jsonl')) == _shape_of(lines_of('whole.jsonl'))


def test_a_file_that_kills_its_process_again_and_again_is_given_up(place, head):
    names = [f'p{letter}.png' for letter in 'abcdefgh']
    for name in names:
        cv2.imwrite(name, head)
    write_video('killer.mp4', head, 400)  # open for long enough to be seen
    inputs = [*names, 'killer.mp4', 'clip.mp4']
    with started(*inputs, '--jsonl', 'out.jsonl', '--jobs', '2') as process:
        kill_whoever_opens(process.pid, 'killer.mp4', 3)
        errors = process.stderr.read()
    assert process.returncode == 1
    assert 'killer.mp4 is given up: 3 processes of --jobs were lost on it' in errors
    assert 'with fewer files at a time there is more' in errors
    assert [line['source'] for line in lines_of('out.jsonl')] == [*names, *['clip.mp4'] * 4]
    assert not list(Path().glob('*.parts'))


@pytest.mark.parametrize('target', ['out', 'out.mp4'])
def test_annotated_copies_are_the_same_however_many_at_a_time(inputs, target):
    Path('cut.mp4').write_bytes(Path('clip.mp4').read_bytes()[:-200])
    for jobs in ('1', '2'):
        outputs = ['--video', f'{jobs}{target}', '--jsonl', f'{jobs}.jsonl']
        run(*inputs, 'cut.mp4', *outputs, '--jobs', jobs, expected_status=1)
    assert lines_of('1.jsonl') == lines_of('2.jsonl')
    if target == 'out.mp4':
        assert Path('1out.mp4').read_bytes() == Path('2out.mp4').read_bytes()
        return
    one, two = (sorted(Path(f'{jobs}out').iterdir()) for jobs in '12')
    assert [path.name for path in one] == [path.name for path in two]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(one, two, strict=True))


def test_the_bar_says_how_much_is_done_how_fast_and_how_long_it_takes(place):
    leader, terminal = pty.openpty()
    with started(*['clip.mp4'] * 20, '--jsonl', 'out.jsonl', stderr=terminal, text=False) as run:
        os.close(terminal)
        shown = b''
        while select.select([leader], [], [], PATIENCE_S)[0]:
            try:
                shown += os.read(leader, 65536)
            except OSError:  # the terminal's other side is closed
                break
    os.close(leader)
    assert run.returncode == 0
    text = re.sub(rb'\x1b\[[0-9;?]*[A-Za-z]', b'', shown).decode()
    bars = re.findall(r'(\d+)/20 clip.mp4 \S+ +(\d+)% ([0-9.]+) images/s (\S+) left', text)
    assert bars
    shares = [int(share) for _, share, _, _ in bars]
    assert shares == sorted(shares)
    assert any(0 < share < 100 for share in shares)
    assert any(float(rate) > 0 for _, _, rate, _ in bars)
