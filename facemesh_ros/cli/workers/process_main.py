"""A process that works on sources, from inside; started by `WorkerProcess`."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection

from facemesh_ros.cli.prepared_process import prepare_process
from facemesh_ros.cli.workers.messages import Done, Progress, Ready, Refused
from facemesh_ros.cli.workers.source_work import SourceTask, SourceWork
from facemesh_ros.errors import FacemeshError

_PROGRESS_PERIOD_S = 0.1


class _ClosedError(Exception):
    """The process that started this one wants no more."""


def main(pipe: int) -> None:
    """Work until the other side of the pipe is closed."""
    # To all processes of a terminal or a job: the other side decides, and closes the pipe.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    prepare_process()
    connection: Connection = Connection(pipe)
    try:
        _work(connection)
    except (_ClosedError, EOFError, ConnectionError):
        pass
    except (FacemeshError, OSError) as error:
        if not _is_closed(connection):
            connection.send(Refused(str(error)))


def _work(connection: Connection) -> None:
    setup, cores, idle_s = connection.recv()
    if cores and hasattr(os, 'sched_setaffinity'):
        os.sched_setaffinity(0, cores)
    if setup.folder is not None:
        os.chdir(setup.folder)
    work = SourceWork(setup)
    connection.send(Ready(work.models))
    while connection.poll(idle_s):
        for task in connection.recv():
            _do(task, work, connection)


def _do(task: SourceTask, work: SourceWork, connection: Connection) -> None:
    told_s = -_PROGRESS_PERIOD_S

    def note(share: float, images: int) -> bool:
        nonlocal told_s
        now_s = time.monotonic()
        if now_s - told_s >= _PROGRESS_PERIOD_S:
            told_s = now_s
            connection.send(Progress(task.index, share, images))
        return _is_closed(connection)

    outcome = work.run(task, note)
    if outcome is None:
        raise _ClosedError
    connection.send(Done(outcome))


def _is_closed(connection: Connection) -> bool:
    """Tell whether the other side is closed: nothing comes from it while there is work."""
    return connection.poll()


def cores_of(number: int, count: int, at_most: int | None = None) -> Sequence[int]:
    """Return the cores of one of several processes of this machine.

    Others' cores are left to them: threads of several processes would only wait for each other.

    Args:
        number: Which of them, from 0.
        count: How many they are.
        at_most: How many cores.

    Returns:
        Numbers of cores; empty for all, if they are too few to be shared.
    """
    if not hasattr(os, 'sched_getaffinity'):
        return ()
    cores = sorted(os.sched_getaffinity(0))
    return cores[number % count :: count][:at_most] if len(cores) >= count else ()
