"""The node of a soak, as a user starts it; its log is a file."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from systems.process import ProcessError

STOP_S = 30.0
_PR_SET_PDEATHSIG = 1


class NodeProcess(AbstractContextManager['NodeProcess']):
    """`facemesh`, with its log in a file."""

    def __init__(self, log: Path, variables: Mapping[str, str], arguments: list[str]) -> None:
        """Start it in an environment, with ROS arguments."""
        self._log = log
        with log.open('wb') as file:
            self._process = subprocess.Popen(
                [sys.executable, '-m', 'facemesh_ros.ros.node', '--ros-args', *arguments],
                stdout=file,
                stderr=file,
                env=dict(variables),
                preexec_fn=_end_with_parent,
            )
        self.pid = self._process.pid

    def check(self) -> None:
        """Raise ProcessError if it has ended by itself."""
        status = self._process.poll()
        if status is not None:
            raise ProcessError(f'the node ended by itself (status {status}); see {self._log}')

    def __exit__(self, *_: object) -> None:
        """End it by SIGINT, or if that does not help by SIGKILL."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _end_with_parent() -> None:
    """Let the kernel interrupt this process when the one that started it ends, however it ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
