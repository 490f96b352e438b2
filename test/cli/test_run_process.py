"""`facemesh run` as a process: what goes to stdout, what to stderr, and the exit status."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

import facemesh_ros

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
    assert 'Traceback' not in errors
    assert 'BrokenPipe' not in errors
