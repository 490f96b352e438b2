"""ROS processes of a measurement, each pinned to its cores; none is left behind."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from ros_graph.hosts import Host
from systems.process import LoggedProcess

TICKS_PER_S = os.sysconf('SC_CLK_TCK')


@dataclass(frozen=True)
class Memory:
    """Memory of a process, MiB.

    Attributes:
        peak: Peak of resident memory.
        shared: Current shared memory, which holds images in transit.
    """

    peak: float
    shared: float

    @property
    def own(self) -> float:
        """The peak without what is shared."""
        return self.peak - self.shared


class RosProcess(LoggedProcess):
    """A running program on a host; `started_ns` is since the epoch."""

    def __init__(self, command: Sequence[str], host: Host) -> None:
        """Start it."""
        self.started_ns = time.time_ns()
        super().__init__(' '.join(command[:3]), [*host.enter, *command], host.variables)
        # It has no other threads yet; later ones inherit the affinity.
        os.sched_setaffinity(self._process.pid, host.cores)

    def cpu_s(self) -> float:
        """Return the processor time of all its threads."""
        after_name = self._proc('stat').rpartition(')')[2].split()
        return (int(after_name[11]) + int(after_name[12])) / TICKS_PER_S

    def memory_mib(self) -> Memory:
        """Return its memory."""
        lines = dict(line.split(':', 1) for line in self._proc('status').splitlines())
        peak, shared = (int(lines[name].split()[0]) / 1024 for name in ('VmHWM', 'RssShmem'))
        return Memory(peak, shared)

    def _proc(self, name: str) -> str:
        return Path(f'/proc/{self._process.pid}/{name}').read_text()


class Processes(AbstractContextManager['Processes']):
    """Starts Python programs and, at the end of its context, stops every one of them."""

    def __init__(self) -> None:
        self._running: list[RosProcess] = []

    def start(self, *command: object, host: Host) -> RosProcess:
        """Start a Python program on a host."""
        self._running.append(RosProcess([sys.executable, *map(str, command)], host))
        return self._running[-1]

    def stop(self, *processes: RosProcess) -> None:
        """Stop some now."""
        for process in processes:
            process.stop()
            self._running.remove(process)

    def __exit__(self, *_: object) -> None:
        self.stop(*self._running[::-1])
