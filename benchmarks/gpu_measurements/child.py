"""What a measured process says: one line of JSON at a time, on a stream that nothing else uses."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from typing import Any

from facemesh_ros.errors import FacemeshError, in_one_line
from facemesh_ros.inference.providers import ProviderChoice

Tell = Callable[[dict[str, Any]], None]


def replies() -> Tell:
    """Keep standard output for replies; what libraries print goes to standard error."""
    stream = os.fdopen(os.dup(1), 'w', buffering=1)
    os.dup2(2, 1)
    return lambda reply: print(json.dumps(reply, default=_plain), file=stream, flush=True)


def job() -> dict[str, Any]:
    """Return what this process has to do, its only argument."""
    return dict(json.loads(sys.argv[1]))


def choice_of(what: dict[str, Any]) -> ProviderChoice:
    """Return the provider that a process is told to use; JSON has no tuples."""
    options = tuple((name, value) for name, value in what['choice']['cuda_options'])
    return ProviderChoice(**{**what['choice'], 'cuda_options': options})


def described(error: BaseException) -> str:
    """Return an error's text; the type too where the text alone would not name the place."""
    text = in_one_line(error)
    return text if isinstance(error, FacemeshError) else f'{type(error).__name__}: {text}'


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return value.tolist()  # of numpy
