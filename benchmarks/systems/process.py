"""Processes of a measurement, with their log kept for errors; none is left behind."""

from __future__ import annotations

import json
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from common.command import MeasurementError
from common.timings import Block

ONE_THREAD = dict.fromkeys(
    ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'OPENCV_FOR_THREADS_NUM'), '1'
)
LOG_CHARACTERS_SHOWN = 2000
CHECK_S, STOP_S = 1.0, 10.0


class ProcessError(MeasurementError):
    """A process did not start or ended by itself."""


class LoggedProcess(AbstractContextManager['LoggedProcess']):
    """A program whose lines are read and whose log explains why it ended."""

    def __init__(self, name: str, command: Sequence[str], variables: dict[str, str]) -> None:
        """Start it in an environment."""
        self.name = name
        self._log = tempfile.TemporaryFile('w+', errors='replace')  # noqa: SIM115
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=self._log, env=variables, errors='replace'
        )
        self._lines: SimpleQueue[str] = SimpleQueue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put('')

    def line(self, needs: Sequence[LoggedProcess] = (), *, timeout_s: float | None = None) -> str:
        """Wait for its next line.

        Raises:
            ProcessError: If it, or one of `needs`, ends.
            TimeoutError: If none comes in time.
        """
        end_s = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            left_s = CHECK_S if end_s is None else min(CHECK_S, end_s - time.monotonic())
            try:
                line = self._lines.get(timeout=max(left_s, 0))
            except Empty:
                if left_s <= 0:
                    raise TimeoutError(f'{self.name} said nothing in {timeout_s:.0f} s') from None
                for process in needs:
                    process.check()
                continue
            if line:
                return line.strip()
            self._process.wait()
            self.check()

    def ask(self, line: str) -> None:
        """Send it a line; if it has ended, `line` says why."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            print(line, file=self._process.stdin, flush=True)

    def check(self) -> None:
        """Raise ProcessError if it has ended by itself."""
        status = self._process.poll()
        if status is not None:
            self._log.seek(0)
            log = self._log.read()[-LOG_CHARACTERS_SHOWN:]
            raise ProcessError(f'{self.name} ended by itself (status {status}); its log:\n{log}')

    def stop(self) -> None:
        """Interrupt it, kill it if that does not help, and wait."""
        with suppress(subprocess.TimeoutExpired):
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=STOP_S)
        self.close()

    def close(self) -> None:
        """Kill it if it still runs."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for file in (self._process.stdin, self._process.stdout, self._log):
            assert file is not None
            with suppress(BrokenPipeError):
                file.close()

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, eq=False)
class System:
    """How to start a measured system; each landmark model is a system of its own.

    Attributes:
        name: For people.
        command: Program and arguments; it ends in `serving.serve`.
        variables: Its environment.
    """

    name: str
    command: Sequence[str]
    variables: dict[str, str]


class SystemProcess(LoggedProcess):
    """A running system; between requests it waits without using the processor.

    Attributes:
        versions: Of its packages.
        load_ms: Time to import its packages and load its models.
        start_ms: The same plus the start of Python, measured from outside.
    """

    def __init__(self, system: System) -> None:
        """Start it; raises ProcessError if it does not come up."""
        started = time.perf_counter()
        super().__init__(system.name, system.command, {**system.variables, **ONE_THREAD})
        try:
            hello = json.loads(self.line())
        except BaseException:
            self.close()
            raise
        self.start_ms = 1e3 * (time.perf_counter() - started)
        self.load_ms: float = hello['load_ms']
        self.versions: dict[str, str] = hello['versions']

    def block(self, scene: Path, count: int, **options: Any) -> Block:
        """Process images of a scene; `options` as for `serving.measure_block`."""
        self.ask(json.dumps({'scene': str(scene), 'count': count, **options}))
        return dict(json.loads(self.line()))


def measure_in_turn(
    processes: dict[System, SystemProcess],
    rounds: int,
    measure: Callable[[SystemProcess, int], Block],
) -> dict[System, list[Block]]:
    """Measure a block of each system per round, every other round in reverse order.

    A machine that slows down then affects all systems alike. `measure` takes a process and the
    number of the round.
    """
    blocks: dict[System, list[Block]] = {system: [] for system in processes}
    for number in range(rounds):
        for system, process in list(processes.items())[:: -1 if number % 2 else 1]:
            blocks[system].append(measure(process, number))
    return blocks
