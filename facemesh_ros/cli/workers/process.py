"""A process that works on sources, seen from the one that started it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing import Pipe

from facemesh_ros.cli.run_setup import RunSetup
from facemesh_ros.cli.workers.messages import Done, Lost, Message, Progress, Refused
from facemesh_ros.cli.workers.source_work import SourceTask
from facemesh_ros.inference.child_process import signal_name

# It ends after the image on which it is.
_GRACE_S = 10.0
_CODE = """
import sys
sys.path[:] = {path!r}
from facemesh_ros.cli.workers.process_main import main
main({pipe})
"""


class WorkerProcess:
    """A process with warm models of its own.

    It ends by itself when this side of its pipe is closed, also when this process is killed.

    Attributes:
        connection: Its pipe, to wait for messages.
        is_idle: Whether it waits for sources.
    """

    def __init__(self, setup: RunSetup, cores: Sequence[int], idle_s: float | None = None) -> None:
        """Start it.

        Args:
            setup: The run.
            cores: Those that it uses; empty for all that it may.
            idle_s: After how long without work it ends; None for never.
        """
        self.connection, theirs = Pipe()
        with theirs:
            # No fork of a process whose threads run; no daemon's child, which multiprocessing
            # refuses.
            self._process = subprocess.Popen(
                [sys.executable, '-c', _CODE.format(path=sys.path, pipe=theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        self._tasks: list[SourceTask] = []
        self.is_idle = False
        with suppress(OSError):  # `messages` tells that it is gone
            self.connection.send((setup, tuple(cores), idle_s))

    def start(self, tasks: Sequence[SourceTask]) -> None:
        """Hand sources to it."""
        self._tasks, self.is_idle = list(tasks), False
        with suppress(OSError):
            self.connection.send(tuple(tasks))

    def messages(self) -> Iterator[Message]:
        """Yield what it has sent since; the last may be that it is lost."""
        try:
            while self.connection.poll():
                message: Message = self.connection.recv()
                if isinstance(message, Done):
                    self._tasks.remove(message.outcome.task)
                if not isinstance(message, (Progress, Refused)):
                    self.is_idle = not self._tasks
                yield message
        except (EOFError, OSError):
            yield self._lost()

    def _lost(self) -> Lost:
        status = self._process.wait()
        how = f'ended with status {status}'
        if status < 0:
            how = f'was killed by {signal_name(-status)}'
        culprit = self._tasks[0].index if self._tasks else None
        return Lost(tuple(self._tasks), culprit, f'a process {how}')

    def close(self) -> None:
        """Let it end after the image on which it is."""
        self.connection.close()

    def wait(self) -> None:
        """Wait for the end of a process that was closed."""
        try:
            self._process.wait(_GRACE_S)
        finally:
            self._process.kill()
            self._process.wait()
