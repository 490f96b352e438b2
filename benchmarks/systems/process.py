"""A measured system that runs in a process and an environment of its own."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.command import MeasurementError
from common.timings import Block

ONE_THREAD = dict.fromkeys(
    ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'OPENCV_FOR_THREADS_NUM'), '1'
)
LOG_CHARACTERS_SHOWN = 2000


class ProcessError(MeasurementError):
    """A process did not start or ended by itself."""


@dataclass(frozen=True, eq=False)
class System:
    """How to start a system; each landmark model is a system of its own.

    Attributes:
        name: For people.
        command: Program and arguments; it ends in `serving.serve`.
        variables: Its environment.
    """

    name: str
    command: Sequence[str]
    variables: dict[str, str]


class SystemProcess(AbstractContextManager['SystemProcess']):
    """A running system; between requests it waits without using the processor.

    Attributes:
        name: Of the system.
        versions: Of its packages.
        load_ms: Time to import its packages and load its models.
        start_ms: The same plus the start of Python, measured from outside.
    """

    def __init__(self, system: System) -> None:
        """Start it; raises ProcessError, with the end of its log, if it does not come up."""
        self.name = system.name
        self._log = tempfile.TemporaryFile('w+', errors='replace')  # noqa: SIM115
        started = time.perf_counter()
        self._process = subprocess.Popen(
            system.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**system.variables, **ONE_THREAD},
            text=True,
        )
        try:
            hello = self._answer()
        except BaseException:
            self.close()
            raise
        self.start_ms = 1e3 * (time.perf_counter() - started)
        self.load_ms: float = hello['load_ms']
        self.versions: dict[str, str] = hello['versions']

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process and wait for it."""
        self._process.kill()
        self._process.communicate()
        self._log.close()

    def block(self, scene: Path, count: int, **options: Any) -> Block:
        """Process images of a scene; `options` as for `serving.measure_block`."""
        assert self._process.stdin is not None
        request = json.dumps({'scene': str(scene), 'count': count, **options})
        with suppress(BrokenPipeError):  # then no answer comes, and that says why
            print(request, file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._log.seek(0)
            raise ProcessError(
                f'{self.name} ended by itself (status {self._process.returncode}); end of its log:'
                f'\n{self._log.read()[-LOG_CHARACTERS_SHOWN:]}'
            )
        return dict(json.loads(line))


def measure_in_turn(
    processes: dict[System, SystemProcess],
    rounds: int,
    measure: Callable[[SystemProcess, int], Block],
) -> dict[System, list[Block]]:
    """Measure a block of each system per round, every other round in reverse order.

    A machine that slows down then affects all systems alike.

    Args:
        processes: The systems.
        rounds: Blocks of each.
        measure: Takes a process and the number of the round.
    """
    blocks: dict[System, list[Block]] = {system: [] for system in processes}
    for number in range(rounds):
        for system, process in list(processes.items())[:: -1 if number % 2 else 1]:
            blocks[system].append(measure(process, number))
    return blocks
