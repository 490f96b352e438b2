"""`facemesh run` as a process: what goes to stdout, what to stderr, and the exit status."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

import facemesh_ros
from facemesh_ros.io import pictures_from_file

COMMAND = [sys.executable, '-m', 'facemesh_ros.cli', 'run']
PACKAGE_PARENT = str(Path(facemesh_ros.__file__).parents[1])


def run(*arguments: str, **options) -> subprocess.CompletedProcess:
    options = {'stderr': subprocess.PIPE, 'env': environment(), **options}
    return subprocess.run(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, text=True, check=False, **options
    )


def environment() -> dict[str, str]:
    """Let a process that starts elsewhere import the package that is tested."""
    paths = [PACKAGE_PARENT, os.environ.get('PYTHONPATH', '')]
    return {**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, paths))}


def test_stdout_holds_json_lines_alone(clip):
    Path('words.png').write_text('words')
    done = run('clip.mp4', 'words.png', 'face.png', '--jsonl', '-')
    assert done.returncode == 1
    sources = [json.loads(line)['source'] for line in done.stdout.splitlines()]
    assert sources == ['clip.mp4'] * 4 + ['face.png']
    assert 'words.png is not a readable picture' in done.stderr


@pytest.mark.parametrize('flags', [[], ['--jsonl', '-']])
def test_a_terminal_for_messages_takes_nothing_from_stdout(workplace, flags):
    """The progress bar once drew what was meant for a file onto the terminal."""
    leader, terminal = pty.openpty()
    try:
        done = run('face.png', *flags, stderr=terminal)
    finally:
        os.close(terminal)
        os.close(leader)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 1
    assert 'face.png' in done.stdout
    assert 'f00001' in done.stdout


def test_a_missing_file_is_one_line_and_no_traceback(workplace):
    done = run('nowhere.png')
    assert done.returncode == 1
    assert done.stdout == ''
    assert done.stderr == 'facemesh: nowhere.png does not exist\n'


def test_a_reader_that_has_had_enough_is_no_fault(clip):
    command = [*COMMAND, 'clip.mp4', 'clip.mp4', 'clip.mp4', '--jsonl', '-']
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as process:
        process.stdout.read(1)
        process.stdout.close()
        errors = process.stderr.read()
    assert errors == ''


@pytest.mark.parametrize('flags', [[], ['--jsonl', '-']])
def test_a_full_disk_behind_stdout_is_a_sentence(workplace, flags):
    with open('/dev/full', 'w') as full:
        done = subprocess.run(
            [*COMMAND, 'face.png', *flags],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == 'facemesh: standard output cannot be written: No space left on device\n'


def begun(path: Path, lines: int) -> None:
    """Wait until a file has so many lines."""
    deadline_s = time.monotonic() + 120
    while not path.exists() or path.read_bytes().count(b'\n') < lines:
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_keeps_what_was_written(clip, number):
    many = [str(clip)] * 300
    outputs = ['--jsonl', 'out.jsonl', '--video', 'out.mp4']
    with subprocess.Popen(
        [*COMMAND, *many, *outputs], stderr=subprocess.PIPE, text=True, env=environment()
    ) as process:
        begun(Path('out.jsonl'), 3)
        process.send_signal(number)
        errors = process.stderr.read()
    assert process.returncode == 128 + number
    lines = [json.loads(line) for line in Path('out.jsonl').read_text().splitlines()]
    assert 3 <= len(lines) < 1200
    told = re.fullmatch(
        r'facemesh: interrupted after ([0-9]+) images; wrote ([0-9]+) lines to out.jsonl and '
        r'([0-9]+) pictures to out.mp4\n',
        errors,
    )
    assert told
    assert set(told.groups()) == {str(len(lines))}
    assert len(list(pictures_from_file(Path('out.mp4')))) == len(lines)


def test_what_the_libraries_say_of_damaged_files_stays_off_the_screen(clip, head):
    """One line for each, by us."""
    jpeg = bytearray(cv2.imencode('.jpg', head)[1].tobytes())
    jpeg[len(jpeg) // 2 : len(jpeg) // 2 + 40] = bytes(40)
    Path('odd.jpg').write_bytes(jpeg)
    png = Path('face.png').read_bytes()
    Path('cut.png').write_bytes(png[: len(png) // 2])
    Path('cut.mp4').write_bytes(clip.read_bytes()[:-200])
    done = run('odd.jpg', 'cut.png', 'cut.mp4', 'face.png')
    *errors, last = done.stderr.splitlines()
    assert last.startswith('facemesh: 3 pictures taken one by one, 1 video: ')
    assert [
        re.match('facemesh: (cut|odd).* not a readable', error) is not None for error in errors
    ]
    assert all(error.startswith('facemesh: ') for error in errors)


def test_letters_that_the_terminal_does_not_know_are_written_as_escapes(workplace):
    Path('face.png').rename('é.png')
    done = run('é.png', env={**environment(), 'PYTHONIOENCODING': 'ascii'})
    assert done.returncode == 0
    assert done.stdout.startswith(r'\xe9.png: f00001')
