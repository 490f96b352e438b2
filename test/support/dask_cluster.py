"""A Dask cluster of processes on this machine, and what they and their children do."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import facemesh_ros

PACKAGE_PARENT = str(Path(facemesh_ros.__file__).parents[1])
PATIENCE_S = 120
Found = TypeVar('Found')


def environment(package_parent: str = PACKAGE_PARENT) -> dict[str, str]:
    """The environment of a process that is to import the package from some folder."""
    paths = [package_parent, os.environ.get('PYTHONPATH', '')]
    return {**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, paths))}


def eventually(find: Callable[[], Found]) -> Found:
    """What a function returns at last."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not (found := find()):
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
    return found


class DaskCluster:
    """A scheduler and its workers, as `dask scheduler` and `dask worker` start them.

    Attributes:
        address: Of the scheduler.
        file: In which the scheduler says where it is.
    """

    def __init__(self, folder: Path) -> None:
        """Start a scheduler; logs go to the folder, which is where workers are."""
        self._folder = folder
        self._started: list[subprocess.Popen] = []
        self.file = folder / 'scheduler.json'
        options = ('--port', '0', '--host', '127.0.0.1', '--scheduler-file', str(self.file))
        log = self._start('scheduler', *options)
        self.address = eventually(lambda: re.search(r'tcp://[0-9.:]+', log.read_text()))[0]

    def add_worker(self, package_parent: str = PACKAGE_PARENT) -> subprocess.Popen:
        """Start a worker and wait until the scheduler knows it."""
        log = self._start(
            *('worker', self.address, '--nthreads', '1', '--no-nanny'),
            *('--local-directory', str(self._folder)),
            package_parent=package_parent,
        )
        eventually(lambda: 'Registered to' in log.read_text())
        return self._started[-1]

    def _start(self, what: str, *arguments: str, package_parent: str = PACKAGE_PARENT) -> Path:
        log = self._folder / f'{what}{len(self._started)}.log'
        module = f'distributed.cli.dask_{what}'
        with log.open('w') as output:
            process = subprocess.Popen(
                [sys.executable, '-m', module, *arguments, '--no-dashboard'],
                stdout=output,
                stderr=output,
                cwd=self._folder,
                env=environment(package_parent),
            )
        self._started.append(process)
        return log

    def close(self) -> None:
        for process in self._started:
            process.kill()
            process.wait()


def children_of(pid: int) -> list[int]:
    """The child processes of all threads of a process."""
    found: list[int] = []
    for children in Path(f'/proc/{pid}/task').glob('*/children'):
        found += map(int, children.read_text().split())
    return found


def opened_by(pid: int) -> list[str]:
    """The files that a process has open."""
    found = []
    for link in Path(f'/proc/{pid}/fd').glob('*'):
        try:
            found.append(os.readlink(link))
        except OSError:  # closed meanwhile
            continue
    return found


def child_that_has_open(pid: int, name: str) -> int | None:
    """The child of a process that has a file of this name open."""
    for child in children_of(pid):
        try:
            if any(path.endswith(name) for path in opened_by(child)):
                return child
        except OSError:  # gone meanwhile
            continue
    return None


def kill_whoever_opens(pid: int, name: str, times: int) -> None:
    """Kill the children of a process that open a file, as the kernel does to who takes memory."""
    before: set[int] = set()
    while len(before) < times:
        child = eventually(lambda: child_that_has_open(pid, name))
        if child not in before:
            os.kill(child, signal.SIGKILL)
            before.add(child)
