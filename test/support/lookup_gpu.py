"""A lookup table as the model of a GPU: requests are single numbers; it fails when told to."""

from __future__ import annotations

import threading

import numpy as np
from onnx import TensorProto

from facemesh_ros.inference.gpu.executor import GpuExecutor
from facemesh_ros.inference.gpu.memory import HostMemory
from facemesh_ros.inference.gpu.runner import GpuRunner
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.inference.session import ModelSession
from facemesh_ros.models.convert.onnx_graph import OnnxGraph, batched

SQUARES = np.arange(10, dtype=np.float32) ** 2
PAUSE_S = 1.0
FAULT = (
    'Error in execution: Non-zero status code returned while running Gather node. Status Message: '
    'CUDA failure 700: an illegal memory access was encountered ; GPU=0 ; hostname=robot'
)


def lookup_model() -> bytes:
    """Return a lookup table as a model; ONNX Runtime fails for an index outside of it."""
    graph = OnnxGraph()
    graph.node('Gather', graph.constant(SQUARES), 'index', axis=0, output='square')
    model = graph.model(
        {'index': batched('index', (), TensorProto.INT32)},
        {'square': ()},
        {
            'name': 'lookup',
            'input_size': '0',
            'source_sha256': '',
            'precision': 'fp32',
            'variant': 'plain',
        },
    )
    return bytes(model.SerializeToString())


class LookupFactory:
    """Opens the lookup on plain memory.

    Attributes:
        again: Its argument at each call.
        fails: The error that it raises; None to open.
        fault: ONNX Runtime's error of the next run, as on a GPU that fails; empty for none.
        runs: Number of requests of each run.
        sessions: The sessions that it has opened.
        gate: Runs wait while it is not set.
        threads: The thread of each run.
    """

    def __init__(self) -> None:
        self.again: list[bool] = []
        self.runs: list[int] = []
        self.threads: list[threading.Thread] = []
        self.sessions: list[ModelSession] = []
        self.fault = ''
        self.fails: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()
        self._onnx = lookup_model()

    def __call__(self, again: bool) -> GpuExecutor:
        self.again.append(again)
        if self.fails:
            raise self.fails
        self.sessions.append(ModelSession(self._onnx, ProviderChoice('cpu')))
        sessions = {'lookup': self.sessions[-1]}
        executor = GpuExecutor(sessions, {'lookup': ('square',)}, HostMemory(), images=1)
        run = executor.run

        def recorded(model, requests):
            fault, self.fault = self.fault, ''
            self.threads.append(threading.current_thread())
            self.runs.append(len(requests))
            self.gate.wait()
            if fault:
                raise RuntimeError(fault)  # as those of a binding are
            return run(model, requests)

        executor.run = recorded
        return executor


class Clock:
    """Time that passes only when it is set."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def ask(runner: GpuRunner, *numbers: int) -> list[float]:
    """Return the squares of numbers, as the model looks them up."""
    (found,) = runner.run('lookup', None, {'index': np.array(numbers, np.int32)})
    return found.tolist()


def wait_until(condition) -> None:
    while not condition():
        threading.Event().wait(0.001)
