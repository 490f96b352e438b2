"""Real demos, whose processes carry a mark in their environment."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from facemesh_ros.ros.process.signals import block_signals

PATIENCE_S = 120.0
COMMAND = [sys.executable, '-m', 'facemesh_ros.ros.demo']
Start = Callable[..., 'Demo']


class Demo:
    """A demo that runs, with a folder for what it writes."""

    def __init__(self, folder: Path, *arguments: str, before: tuple[str, ...] = (), **how: str):
        self._mark = str(folder / 'mark')
        self.output = folder / 'output'
        variables = {**os.environ, 'DEMO_MARK': self._mark, **how}
        if '--output' not in arguments:
            arguments = *arguments, '--output', str(self.output)
        self.process = start_blocked([*before, *COMMAND, *arguments], variables)

    def end(self, number: signal.Signals | None = None) -> Demo:
        """Send a signal if given, and wait for the end."""
        if number:
            self.process.send_signal(number)
        self.stdout, self.stderr = self.process.communicate(timeout=PATIENCE_S)
        print(self.stdout, self.stderr)
        self.status = self.process.returncode
        assert 'Traceback' not in self.stderr
        assert self.processes() == []
        return self

    def processes(self) -> list[str]:
        """Command lines of running processes that carry the mark."""
        found = []
        for process in Path('/proc').glob('[0-9]*'):
            try:
                if f'DEMO_MARK={self._mark}\0'.encode() in (process / 'environ').read_bytes():
                    line = (process / 'cmdline').read_bytes().replace(b'\0', b' ').decode()
                    found.append(line)
            except OSError:
                continue  # it ended meanwhile
        return found


def start_blocked(command: list[str], variables: dict[str, str]) -> subprocess.Popen[str]:
    """Start a demo as `./run demo` does: signals are blocked while Python itself starts."""
    before = block_signals()
    try:
        return subprocess.Popen(
            command,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@pytest.fixture
def start_demo(model_store, require_package, tmp_path) -> Iterator[Start]:
    """Start demos that are gone at the end of the test."""
    require_package('skimage.data')
    started: list[Demo] = []

    def start(*arguments: str, before: tuple[str, ...] = (), **variables: str) -> Demo:
        folder = tmp_path / str(len(started))
        folder.mkdir()
        started.append(Demo(folder, *arguments, before=before, **variables))
        return started[-1]

    yield start
    for demo in started:
        if demo.process.poll() is None:
            demo.process.terminate()
            demo.process.wait(PATIENCE_S)


@pytest.fixture
def mounted() -> Callable[..., tuple[str, ...]]:
    """Return the command prefix that mounts a small disk for one program alone."""
    namespace = ['unshare', '--map-root-user', '--mount']
    if not shutil.which('unshare') or subprocess.run([*namespace, 'true']).returncode:
        pytest.skip('this system allows no private mounts')

    def disk(folder: Path, size: str) -> tuple[str, ...]:
        script = f'mount -t tmpfs -o size={size} none "{folder}" && exec "$@"'
        return (*namespace, 'sh', '-c', script, 'sh')

    return disk
