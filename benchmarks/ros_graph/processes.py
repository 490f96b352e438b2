"""Processes of a measurement, each pinned to its cores; none is left behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ros_graph.hosts import Host
from systems.process import LOG_CHARACTERS_SHOWN, ProcessError

STOP_S, CHECK_S = 10.0, 1.0
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


class Process:
    """A running program."""

    def __init__(self, command: Sequence[str], host: Host, log: IO[str]) -> None:
        """Start it."""
        self.started_ns = time.time_ns()
        self._name, self._log = ' '.join(command[:3]), log
        self._process = subprocess.Popen(
            [*host.enter, *command],
            stdout=subprocess.PIPE,
            stderr=log,
            env=host.variables,
            bufsize=0,  # so that `select` sees all unread output
        )
        # It has no other threads yet; later ones inherit the affinity.
        os.sched_setaffinity(self._process.pid, host.cores)

    def line(self, *, needs: Sequence[Process] = ()) -> str:
        """Wait for the next line that it prints.

        Args:
            needs: Processes that must keep running meanwhile.

        Raises:
            ProcessError: If it or one of `needs` ends.
        """
        assert self._process.stdout is not None
        while not select.select([self._process.stdout], [], [], CHECK_S)[0]:
            for process in needs:
                process.check()
        line = self._process.stdout.readline().decode().strip()
        if not line:
            self._process.wait()
            raise self._ended()
        return line

    def check(self) -> None:
        """Raise ProcessError if it has ended by itself."""
        if self._process.poll() is not None:
            raise self._ended()

    def _ended(self) -> ProcessError:
        self._log.seek(0)
        log = self._log.read()[-LOG_CHARACTERS_SHOWN:]
        status = self._process.returncode
        return ProcessError(f'{self._name} ended by itself (status {status}); its log:\n{log}')

    def stop(self) -> None:
        """Interrupt it and wait."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.communicate(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

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
    """Starts programs and, at the end of its context, stops every one of them."""

    def __init__(self) -> None:
        self._running: list[Process] = []
        self._logs: list[IO[str]] = []

    def start(self, *command: object, host: Host) -> Process:
        """Start a Python program on a host."""
        return self.start_program(sys.executable, *command, host=host)

    def start_program(self, *command: object, host: Host) -> Process:
        """Start any program on a host."""
        log = tempfile.TemporaryFile('w+', errors='replace')  # noqa: SIM115
        self._logs.append(log)
        self._running.append(Process([str(part) for part in command], host, log))
        return self._running[-1]

    def stop(self, *processes: Process) -> None:
        """Stop some now."""
        for process in processes:
            process.stop()
            self._running.remove(process)

    def __exit__(self, *_: object) -> None:
        self.stop(*self._running[::-1])
        for log in self._logs:
            log.close()
