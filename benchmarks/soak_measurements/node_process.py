"""The node of a soak, as a user starts it; its log is a file."""

from __future__ import annotations

import ctypes
import math
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
    """`facemesh` by its own `main`, with its log in a file.

    Attributes:
        pid: Its process id.
    """

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        """Start it in an environment; log and counts are files of a folder."""
        self._log, self._counts = folder / 'node.log', folder / 'node.counts'
        script = Path(__file__).with_name('counted_node.py')
        with self._log.open('wb') as file:
            self._process = subprocess.Popen(
                [sys.executable, str(script), str(self._counts)],
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

    def count(self) -> None:
        """Ask it to collect its garbage and to count what it has in use; see `in_use`."""
        self._counts.write_text('')

    def in_use(self) -> tuple[float, float]:
        """Return what is in use of malloc, MiB, and of Python, blocks; NaN until counted."""
        try:
            mib, blocks = self._counts.read_text().split()
        except (OSError, ValueError):
            return math.nan, math.nan
        return float(mib), float(blocks)

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
