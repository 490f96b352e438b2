"""The GPU's own time of a model's runs, apart from everything around them.

On a GPU it is what passes between two CUDA events on the stream of the runs; with the CPU provider
it is the time inside ONNX Runtime.
"""

from __future__ import annotations

import ctypes
import time
from typing import Any, Protocol

import onnxruntime as ort

from facemesh_ros.inference.gpu.cuda_memory import cuda_runtime
from facemesh_ros.inference.gpu.memory import CudaError
from facemesh_ros.inference.providers import PROVIDERS
from facemesh_ros.inference.session import ModelSession

_pointer = ctypes.c_void_p
_SIGNATURES: dict[str, list[Any]] = {
    'cudaEventCreate': [ctypes.POINTER(_pointer)],
    'cudaEventRecord': [_pointer, _pointer],
    'cudaEventSynchronize': [_pointer],
    'cudaEventElapsedTime': [ctypes.POINTER(ctypes.c_float), _pointer, _pointer],
}


class Stopwatch(Protocol):
    """Measures what runs on one device between two moments."""

    def start(self) -> None:
        """Begin, in the order of the runs."""

    def stop(self) -> None:
        """End, in the order of the runs."""

    def elapsed_ms(self) -> float:
        """Return the time between both, once the device is there."""


class HostStopwatch:
    """For runs that end before their call returns; see `Stopwatch`."""

    def __init__(self) -> None:
        self._start_s = self._end_s = 0.0

    def start(self) -> None:
        """See `Stopwatch`."""
        self._start_s = time.perf_counter()

    def stop(self) -> None:
        """See `Stopwatch`."""
        self._end_s = time.perf_counter()

    def elapsed_ms(self) -> float:
        """See `Stopwatch`."""
        return 1e3 * (self._end_s - self._start_s)


class CudaStopwatch:
    """Two CUDA events on a stream; see `Stopwatch`. For the thread that uses the stream."""

    def __init__(self, stream: int, library: ctypes.CDLL | None = None) -> None:
        """Create the events; `library` is libcudart, None to load it."""
        self._library, self._stream = library or cuda_runtime(), _pointer(stream)
        for function, arguments in _SIGNATURES.items():
            getattr(self._library, function).argtypes = arguments
        self._first, self._last = _pointer(), _pointer()
        for event in (self._first, self._last):
            self._call('cudaEventCreate', ctypes.byref(event))

    def start(self) -> None:
        """See `Stopwatch`."""
        self._call('cudaEventRecord', self._first, self._stream)

    def stop(self) -> None:
        """See `Stopwatch`."""
        self._call('cudaEventRecord', self._last, self._stream)

    def elapsed_ms(self) -> float:
        """See `Stopwatch`."""
        elapsed = ctypes.c_float()
        self._call('cudaEventSynchronize', self._last)
        self._call('cudaEventElapsedTime', ctypes.byref(elapsed), self._first, self._last)
        return elapsed.value

    def _call(self, function: str, *arguments: object) -> None:
        status = getattr(self._library, function)(*arguments)
        if status:
            said = self._library.cudaGetErrorString(status).decode()
            raise CudaError(f'{function}: {said} (CUDA error {status})')


class TimedRuns:
    """ONNX Runtime's session of a model, whose bound runs can be repeated between two moments.

    Attributes:
        repeats: How often each run is made; more than one share the cost of the first launch.
        times_ms: Of one run each, added by every call that repeats.
    """

    def __init__(self, session: ort.InferenceSession) -> None:
        self._inner = session
        self.repeats, self.times_ms = 1, list[float]()
        self._stopwatch: Stopwatch | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def run_with_iobinding(self, binding: ort.IOBinding, options: ort.RunOptions) -> None:
        """Run as the session does; more than once only while that is wanted."""
        if self.repeats == 1:
            self._inner.run_with_iobinding(binding, options)
            return
        stopwatch = self._stopwatch = self._stopwatch or _stopwatch(self._inner)
        stopwatch.start()
        for _ in range(self.repeats):
            self._inner.run_with_iobinding(binding, options)
        stopwatch.stop()
        self.times_ms.append(stopwatch.elapsed_ms() / self.repeats)


def timed(session: ModelSession) -> TimedRuns:
    """Put `TimedRuns` between a model and ONNX Runtime; before the model is bound or run."""
    runs = TimedRuns(session.session)
    session._session = runs
    return runs


def _stopwatch(session: ort.InferenceSession) -> Stopwatch:
    options = session.get_provider_options().get(PROVIDERS['cuda'])
    return CudaStopwatch(int(options['user_compute_stream'])) if options else HostStopwatch()
