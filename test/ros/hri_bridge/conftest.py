"""Real bridges, and what they are fed with."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from test.ros.conftest import PATIENCE_S

COMMAND = [sys.executable, '-m', 'facemesh_ros.ros.hri_bridge']


class Bridge:
    """A bridge in a process of its own; what it logs goes to a file."""

    def __init__(self, log: Path, command: list[str], *parameters: str) -> None:
        self._log = log
        arguments = [part for parameter in parameters for part in ('-p', parameter)]
        with log.open('wb') as file:
            self.process = subprocess.Popen(
                [*command, '--ros-args', *arguments], stdout=file, stderr=file, env=os.environ
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


@pytest.fixture
def start_bridge(ros: None, tmp_path: Path) -> Iterator[Callable[..., Bridge]]:
    """Start bridges that are gone at the end of the test."""
    started: list[Bridge] = []

    def start(*parameters: str, command: list[str] = COMMAND) -> Bridge:
        started.append(Bridge(tmp_path / f'bridge{len(started)}', command, *parameters))
        return started[-1]

    yield start
    for bridge in started:
        with contextlib.suppress(subprocess.TimeoutExpired):
            bridge.stop()
        bridge.process.kill()
