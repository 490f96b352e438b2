"""What a worker of a cluster is asked to do; it holds one process per run, with warm models.

The worker itself stays free for its heartbeats, and outlives a file that crashes its process.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from threading import Lock
from typing import Any

from facemesh_ros.cli.run_progress import bytes_of
from facemesh_ros.cli.run_setup import RunSetup
from facemesh_ros.cli.workers.messages import Lost, Message, Progress, Ready, Refused
from facemesh_ros.cli.workers.process import WorkerProcess
from facemesh_ros.cli.workers.process_main import cores_of
from facemesh_ros.cli.workers.source_work import SourceTask
from facemesh_ros.io import readable_name

_POLL_S = 0.2
# The scheduler hears of all workers.
_PROGRESS_PERIOD_S = 1.0
# A process whose run is over without a word ends by itself.
IDLE_S = 600.0
# Network file systems show a new file to other machines after a while.
_VISIBLE_S = 15.0


class Call:
    """A call that happens where it is unpickled.

    The scheduler, which may lack this package, sees no more than bytes.
    """

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._function, self._arguments = function, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self._function, self._arguments

    @property
    def pickled(self) -> bytes:
        """What `pickle.loads` calls."""
        return pickle.dumps(self)


@dataclass(frozen=True)
class RunOnWorker:
    """What a worker is told of a run.

    Attributes:
        run: Its name.
        setup: How sources are read.
        witnesses: Files and folders that the worker has to see, each with its bytes at least.
        number, count: Which of how many workers of its machine it is.
        threads: How many cores are its own.
    """

    run: str
    setup: RunSetup
    witnesses: Sequence[tuple[Path, int]]
    number: int
    count: int
    threads: int


_processes: dict[str, WorkerProcess] = {}
_lock = Lock()


def begin(told: RunOnWorker) -> list[Message]:
    """Load the models in a process of their own, and return what comes of it."""
    for path, size in told.witnesses:
        if not _sees(path, size):
            reason = (
                f'it does not see {readable_name(path)} as it is here: workers need all files '
                'under the same paths, on a file system that all machines share'
            )
            return [Refused(reason)]
    close(told.run)  # of an attempt whose answer did not arrive
    cores = cores_of(told.number, told.count, told.threads)
    process = WorkerProcess(told.setup, cores, IDLE_S)
    with _lock:
        _processes[told.run] = process
    return _answers(told.run, process, lambda message: isinstance(message, Ready))


def _sees(path: Path, size: int) -> bool:
    deadline_s = time.monotonic() + _VISIBLE_S
    while not path.exists() or bytes_of(path) < size:  # it may grow
        if time.monotonic() > deadline_s:
            return False
        time.sleep(_POLL_S)
    return True


def work(run: str, tasks: Sequence[SourceTask], topic: str) -> list[Message]:
    """Process sources and return what came of each; tell the topic how far they are."""
    from distributed import get_worker

    process = _processes.get(run)
    if process is None:
        return [Lost(tuple(tasks), None, 'a process had ended')]
    process.start(tasks)
    worker, told_s = get_worker(), -_PROGRESS_PERIOD_S

    def tell(message: Message) -> bool:
        nonlocal told_s
        if isinstance(message, Progress) and time.monotonic() - told_s >= _PROGRESS_PERIOD_S:
            told_s = time.monotonic()
            worker.log_event(topic, tuple(message))
        return process.is_idle

    return _answers(run, process, tell)


def _answers(
    run: str, process: WorkerProcess, is_last: Callable[[Message], bool]
) -> list[Message]:
    """Return the messages of a process but its progress, up to a last one."""
    kept: list[Message] = []
    while _processes.get(run) is process:
        with suppress(OSError, ValueError):  # closed meanwhile, as the run is over
            wait([process.connection], _POLL_S)
        for message in process.messages():
            if not isinstance(message, Progress):
                kept.append(message)
            if isinstance(message, (Lost, Refused)):
                close(run)
                return kept
            if is_last(message):
                return kept
    return [*kept, Lost((), None, 'the run is over')]


def close(run: str) -> None:
    """Let the process of a run end after the image on which it is."""
    with _lock:
        process = _processes.pop(run, None)
    if process is not None:
        process.close()
