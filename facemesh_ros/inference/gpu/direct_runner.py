"""Models run in the thread that asks: the shortest way where a single stream uses the GPU.

ONNX Runtime keeps CUDA graphs, and handles of CUDA's libraries, for each thread that runs a
session until the session ends. So a thread that is new captures its own graphs in its first runs,
and only the first few threads run models themselves.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from facemesh_ros.inference.gpu.executor import Crops, Results
from facemesh_ros.inference.gpu.memory import ExecutorError
from facemesh_ros.inference.gpu.recovering_executor import Factory
from facemesh_ros.inference.gpu.runner import CLOSED, GpuRunner
from facemesh_ros.inference.gpu_recovery import Backoff

# One loads the models and one processes images; some more where streams are made anew. All others
# share a thread, so that a program with a thread for each image does not fill the GPU's memory.
MOST_THREADS = 4


class DirectRunner(GpuRunner):
    """Runs each request in the caller's thread, one at a time."""

    def __init__(self, factory: Factory, backoff: Backoff | None = None) -> None:
        """Open the GPU; see `RecoveringExecutor`. Raises what the factory raises."""
        super().__init__(factory, backoff)
        self._lock, self._is_closed = threading.Lock(), False
        self._here, self._threads = threading.local(), 0
        self._shared_thread: ThreadPoolExecutor | None = None
        self._executor.open()

    def close(self) -> None:
        """Release the GPU; waiting requests raise ExecutorError."""
        self._is_closed = True
        with self._lock:
            self._executor.close()
            thread, self._shared_thread = self._shared_thread, None
        if thread is not None:
            thread.shutdown()

    def _answers(self, model: str, requests: Sequence[Crops]) -> list[Results | Exception]:
        thread = None if hasattr(self._here, 'runs') else self._thread_for_newcomer()
        if thread is None:
            return self._run_here(model, requests)
        return thread.submit(self._run_here, model, requests).result()

    def _run_here(self, model: str, requests: Sequence[Crops]) -> list[Results | Exception]:
        with self._lock:
            self._check_open()
            return self._executor.answer(model, requests)

    def _thread_for_newcomer(self) -> ThreadPoolExecutor | None:
        """Return the thread that runs models for the calling one; None if it may do so itself."""
        with self._lock:
            self._check_open()
            if self._threads < MOST_THREADS:
                self._threads += 1
                # Not the thread's id, which the next thread may get.
                self._here.runs = True
                return None
            if self._shared_thread is None:
                self._shared_thread = ThreadPoolExecutor(1, 'facemesh gpu')
            return self._shared_thread

    def _check_open(self) -> None:
        if self._is_closed:
            raise ExecutorError(CLOSED)
