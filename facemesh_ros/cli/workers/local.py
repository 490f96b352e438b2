"""Several processes of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import wait

from facemesh_ros.cli.run_setup import RunSetup
from facemesh_ros.cli.workers.messages import Lost, Message, Ready
from facemesh_ros.cli.workers.process import WorkerProcess
from facemesh_ros.cli.workers.process_main import cores_of
from facemesh_ros.cli.workers.source_work import SourceTask
from facemesh_ros.errors import FacemeshError

# A process that cannot even load its models so many times in a row never will.
_MAX_FAILED_STARTS = 3


class LocalWorkers:
    """Processes of this machine, each with its share of the cores; `Workers`."""

    name = 'processes of --jobs'

    def __init__(self, setup: RunSetup, jobs: int) -> None:
        """Take the run and how many processes are wanted."""
        self._setup, self.size = setup, jobs
        self._processes: dict[str, WorkerProcess] = {}
        self._failed_starts = 0

    def __enter__(self) -> LocalWorkers:
        for number in range(self.size):
            self._begin(number)
        return self

    def _begin(self, number: int) -> None:
        cores = cores_of(number, self.size)
        self._processes[str(number)] = WorkerProcess(self._setup, cores)

    def idle(self) -> Sequence[str]:
        """See `Workers.idle`."""
        return [name for name, process in self._processes.items() if process.is_idle]

    def start(self, worker: str, tasks: Sequence[SourceTask]) -> None:
        """See `Workers.start`."""
        self._processes[worker].start(tasks)

    def messages(self, timeout_s: float) -> Sequence[Message]:
        """See `Workers.messages`."""
        found: list[Message] = []
        wait([process.connection for process in self._processes.values()], timeout_s)
        for name, process in list(self._processes.items()):
            for message in process.messages():
                found.append(message)
                if isinstance(message, Ready):
                    self._failed_starts = 0
                if isinstance(message, Lost):
                    self._replace(name, message)
        return found

    def _replace(self, name: str, lost: Lost) -> None:
        if not lost.tasks:
            self._failed_starts += 1
        if self._failed_starts >= _MAX_FAILED_STARTS:
            raise FacemeshError(f'the {self.name} end before they begin: {lost.reason}')
        self._processes[name].close()
        self._begin(int(name))

    def __exit__(self, *_: object) -> None:
        for process in self._processes.values():
            with suppress(OSError):
                process.close()
        for process in self._processes.values():
            process.wait()
