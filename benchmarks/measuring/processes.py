"""A side that runs in a process and an environment of its own."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SIDES = Path(__file__).resolve().parents[1] / 'sides'
ONE_THREAD = dict.fromkeys(
    ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'OPENCV_FOR_THREADS_NUM'), '1'
)
WARM_UP = 2
LOG_CHARACTERS_SHOWN = 2000


class SideError(Exception):
    """A side does not run."""


@dataclass(frozen=True, eq=False)
class Contestant:
    """How to start a side; two models of one side are two contestants.

    Attributes:
        name: For people.
        command: Program and arguments; it ends in `serving.serve`.
        variables: Its environment.
    """

    name: str
    command: Sequence[str]
    variables: dict[str, str]


class SideProcess(AbstractContextManager['SideProcess']):
    """A running side; waits, without taking any processor time, for its turn.

    Attributes:
        name: Of the contestant.
        versions: What it is made of, by package.
        load_ms: How long it took to import its packages and load its models.
        start_ms: The same with the start of Python, seen from outside.
    """

    def __init__(self, contestant: Contestant) -> None:
        """Start a side; raises SideError, with the last it said, if it does not come up."""
        self.name = contestant.name
        self._log = tempfile.TemporaryFile('w+', errors='replace')  # noqa: SIM115
        began = time.perf_counter()
        self._process = subprocess.Popen(
            contestant.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**contestant.variables, **ONE_THREAD},
            text=True,
        )
        try:
            hello = self._answer()
        except BaseException:
            self.close()
            raise
        self.start_ms = 1e3 * (time.perf_counter() - began)
        self.load_ms: float = hello['load_ms']
        self.versions: dict[str, str] = hello['versions']

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process and wait for it."""
        self._process.kill()
        self._process.communicate()
        self._log.close()

    def block(
        self,
        scene: Path,
        count: int,
        warm_up: int = WARM_UP,
        stream: bool = False,
        start: int = 0,
    ) -> dict[str, Any]:
        """Let the side go through images; see `serving.measured_block`."""
        assert self._process.stdin is not None
        images = {'warm_up': warm_up, 'count': count, 'stream': stream, 'start': start}
        request = json.dumps({'scene': str(scene), **images})
        with suppress(BrokenPipeError):  # if it has ended, no answer comes, and that says why
            print(request, file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._log.seek(0)
            raise SideError(
                f'{self.name} ended by itself (status {self._process.returncode}); its last words:'
                f'\n{self._log.read()[-LOG_CHARACTERS_SHOWN:]}'
            )
        return dict(json.loads(line))
