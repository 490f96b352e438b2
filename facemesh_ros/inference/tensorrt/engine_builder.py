"""One TensorRT engine, built in a process of its own.

Until 1.31, ONNX Runtime holds Python's lock while it opens a session: a thread that builds an
engine would stop all others for minutes. And a builder that runs out of memory takes only itself
along.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass
from threading import Event

from facemesh_ros.inference.provider_options import EngineFolder
from facemesh_ros.inference.providers import ExecutionProviderError, ProviderChoice
from facemesh_ros.inference.session import ModelSession, variant_for
from facemesh_ros.models.store import ModelStore

_PR_SET_PDEATHSIG = 1  # from sys/prctl.h
_TOLD_CHARACTERS = 500
_PATIENCE_S = 0.1


@dataclass(frozen=True, slots=True)
class EngineOrder:
    """Which engine, for what, and where it is to be kept; see `EngineFolder`."""

    model: str
    model_dir: str
    precision: str
    device_id: int
    engines: str
    timings: str


def build_engine(order: EngineOrder, stopping: Event) -> None:
    """Build an engine and wait for it, which takes minutes; other threads go on.

    Args:
        order: Which one.
        stopping: Ends the builder once it is set.

    Raises:
        ExecutionProviderError: If it cannot be built; says what the builder said last.
    """
    builder = subprocess.Popen(
        [sys.executable, '-m', __name__, json.dumps(asdict(order)), str(os.getpid())],
        env={
            **os.environ,
            'PYTHONPATH': os.pathsep.join(path or os.getcwd() for path in sys.path),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors='replace',
    )
    while True:
        try:
            said = builder.communicate(timeout=_PATIENCE_S)[1]
            break
        except subprocess.TimeoutExpired:
            if stopping.is_set():
                builder.kill()
    if builder.returncode:
        told = said.strip()[-_TOLD_CHARACTERS:] or f'it ended with {builder.returncode}'
        raise ExecutionProviderError(f'TensorRT cannot build {order.model}: {told}')


def main(order: EngineOrder) -> None:
    """Build an engine here and keep it."""
    choice = ProviderChoice('tensorrt', device_id=order.device_id, precision=order.precision)
    onnx = ModelStore(order.model_dir).load(order.model, variant_for(order.model, choice))
    folder = EngineFolder(order.engines, order.timings)
    ModelSession(onnx, choice, folder=folder).try_once()


def _end_with_parent(parent: int) -> None:
    """Let the system end this process when the one that waits for it has ended."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit('nobody waits for the engine any more')


if __name__ == '__main__':
    _end_with_parent(int(sys.argv[2]))
    try:
        main(EngineOrder(**json.loads(sys.argv[1])))
    except Exception as error:  # ONNX Runtime's have no common base
        sys.exit(str(error))
