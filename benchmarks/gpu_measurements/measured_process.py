"""A measured process as its parent sees it: answers in time, or the reason why none came."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from common.machine import ROOT
from common.timings import Spread
from systems.process import ONE_THREAD, LoggedProcess, ProcessError

FOLDERS = (ROOT / 'benchmarks', ROOT / 'tools', ROOT / 'test' / 'support', ROOT)


class NoAnswerError(Exception):
    """The process has failed; the text says why in one line."""


class MeasuredProcess(LoggedProcess):
    """A module of `gpu_measurements` that says a line of JSON at a time (see `child`)."""

    def __init__(self, name: str, module: str, what: Mapping[str, Any]) -> None:
        """Start it with what it has to do."""
        command = [sys.executable, '-m', f'gpu_measurements.{module}', json.dumps(what)]
        super().__init__(name, command, _variables())

    def answer(self, timeout_s: float) -> dict[str, Any]:
        """Wait for its next line.

        Raises:
            NoAnswerError: If it has failed.
            TimeoutError: If none comes in time.
        """
        try:
            answer = json.loads(self.line(timeout_s=timeout_s))
        except ProcessError as error:
            raise NoAnswerError(_last_line(str(error))) from error
        if 'failed' in answer:
            raise NoAnswerError(answer['failed'])
        return {name: _revived(value) for name, value in answer.items()}


def _variables() -> dict[str, str]:
    """Return the environment: nobody's TF32 but what the package itself asks for."""
    kept = {name: value for name, value in os.environ.items() if name != 'NVIDIA_TF32_OVERRIDE'}
    paths = [str(folder) for folder in FOLDERS]
    known = kept.get('PYTHONPATH', '').split(os.pathsep)
    return {**kept, **ONE_THREAD, 'PYTHONPATH': os.pathsep.join(filter(None, [*paths, *known]))}


def _revived(value: Any) -> Any:
    """Return `Spread` objects where JSON has their items."""
    if isinstance(value, dict):
        if set(value) == set(Spread.__dataclass_fields__):
            return Spread(**value)
        return {name: _revived(item) for name, item in value.items()}
    return value


def _last_line(text: str) -> str:
    """Return the first and the last line of a log."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0] if len(lines) == 1 else f'{lines[0]} … {lines[-1]}'
