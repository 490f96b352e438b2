"""Signals end a program cleanly, from its first moment on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest
from own_shared_memory import command_of

from facemesh_ros.ros.process.signals import block_signals

PATIENCE_S = 60.0
SCRIPTS = Path(__file__).parents[3] / 'scripts' / 'lib'
MODULES = {'facemesh': 'facemesh_ros.ros.node', 'demo_camera': 'facemesh_ros.ros.demo.camera_node'}
# s after the start: Python's own start, the imports, rclpy, the models, the first work.
MOMENTS_S = [0.0, 0.03, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0]
# A signal at that many random moments of four seconds: FACEMESH_MOMENTS=20 or more.
if more := int(os.environ.get('FACEMESH_MOMENTS', '0')):
    random = Random(more)
    MOMENTS_S = [random.uniform(0.0, 4.0) for _ in range(more)]
ENDINGS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture(autouse=True)
def _models(model_store, require_package):
    require_package('skimage.data')


def start_blocked(command: list[str]) -> subprocess.Popen[str]:
    """Start a program as the demo does: signals are blocked while Python itself starts."""
    before = block_signals()
    try:
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@pytest.mark.parametrize('name', MODULES)
def test_at_any_moment_a_signal_ends_it_quietly_and_nothing_is_left(name):
    for turn, moment_s in enumerate(MOMENTS_S):
        number = ENDINGS[turn % len(ENDINGS)]
        ended = ended_after([sys.executable, '-m', MODULES[name]], moment_s, number)
        where = (moment_s, number, ended)
        assert (ended['status'], ended['left']) == (0, []), where
        assert 'Traceback' not in ended['output'], where


def ended_after(command: list[str], moment_s: float, number: int) -> dict[str, Any]:
    """Start a program, send it a signal after a while, and return how it has ended."""
    program = subprocess.Popen(command_of(command), stdout=subprocess.PIPE, text=True)
    process_id = int(program.stdout.readline())
    time.sleep(moment_s)
    os.kill(process_id, number)
    output, _ = program.communicate(timeout=PATIENCE_S)
    return json.loads(output)


@pytest.mark.parametrize('number', ENDINGS)
@pytest.mark.parametrize('name', MODULES)
def test_the_installed_program_lets_no_signal_reach_pythons_start(name, number):
    if subprocess.run(['env', '--block-signal', 'true'], capture_output=True).returncode:
        pytest.skip('env knows no --block-signal here')
    program = subprocess.Popen(
        [SCRIPTS / name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    name_of_process = Path(f'/proc/{program.pid}/comm')
    end_s = time.monotonic() + PATIENCE_S
    while name_of_process.read_text() != 'python3\n':
        assert time.monotonic() < end_s
    program.send_signal(number)
    output, _ = program.communicate(timeout=PATIENCE_S)
    assert (program.returncode, output) == (0, '')


def test_under_nohup_a_closed_terminal_does_not_end_it():
    command = [sys.executable, '-m', MODULES['demo_camera']]
    program = start_blocked(['nohup', *command])
    try:
        time.sleep(1.0)
        program.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            program.wait(2.0)
    finally:
        program.send_signal(signal.SIGINT)
        assert program.wait(PATIENCE_S) == 0


def test_a_closed_terminal_ends_it_cleanly():
    program = start_blocked([sys.executable, '-m', MODULES['demo_camera']])
    time.sleep(0.3)
    program.send_signal(signal.SIGHUP)
    output, _ = program.communicate(timeout=PATIENCE_S)
    assert (program.returncode, 'Traceback' in output) == (0, False)
