"""Batching worker: one thread runs the models of all cameras.

All requests that wait when it becomes free go into one batch; it never waits for more to come.
If the GPU fails (out of memory, a device fault), all waiting requests fail, and a later request
opens the GPU again, after a pause that doubles each time. An error of one request fails that
request alone.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np

from facemesh_ros.inference.gpu.bound_batches import SIZES
from facemesh_ros.inference.gpu.executor import Crops, GpuExecutor, Results
from facemesh_ros.inference.gpu.memory import CudaError, ExecutorError, ExecutorLostError
from facemesh_ros.inference.gpu.sampling_inputs import Inputs
from facemesh_ros.inference.gpu_faults import is_gpu_fault
from facemesh_ros.inference.gpu_recovery import Backoff
from facemesh_ros.types import Frame

FIRST_BACKOFF_S = 0.5
# Runs without a failure after which the pause is the first one again.
RUNS_TO_RECOVER = 1000
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Request:
    model: str
    crops: Crops
    results: Future[Results] = field(default_factory=Future)


class BatchWorker:
    """Runs models for any number of threads.

    Attributes:
        failures: How often an executor has failed.
    """

    def __init__(
        self, factory: Callable[[bool], GpuExecutor], backoff: Backoff | None = None
    ) -> None:
        """Open the GPU.

        Args:
            factory: Opens a GPU with all models, in the worker's thread; True after a failure.
            backoff: The pauses between a failure and the next attempt; None for the default.

        Raises:
            FacemeshError: If it cannot be opened.
        """
        self.failures = self._runs = 0
        self._factory = factory
        self._backoff, self._failure = backoff or Backoff(FIRST_BACKOFF_S), ''
        self._executor: GpuExecutor | None = None
        self._waiting: deque[_Request] = deque()
        self._running: list[_Request] = []
        self._changed = threading.Condition()
        self._is_closed, self._why_closed = False, 'the GPU is closed'
        opened: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._work, args=(opened,), name='facemesh gpu', daemon=True
        )
        self._thread.start()
        opened.result()

    def run(self, model: str, frame: Frame | None, inputs: Inputs) -> Results:
        """Run a model and wait for its outputs.

        Args:
            model: Its name.
            frame: The image, None if the model reads none. The same object is uploaded once.
            inputs: Of one or more crops, batch axis first.

        Returns:
            The outputs, batch axis first.

        Raises:
            ExecutorLostError: If the GPU fails, or is not open again yet after a failure.
            ExecutorError: If the worker is closed.
            Exception: Whatever else is wrong with the request.
        """
        count, most = len(next(iter(inputs.values()))), SIZES[-1]
        requests = [
            _Request(
                model, Crops(frame, {name: each[at : at + most] for name, each in inputs.items()})
            )
            for at in range(0, count, most)
        ]
        self._submit(requests)
        results = [request.results.result() for request in requests]
        if len(results) == 1:
            return results[0]
        return [np.concatenate(parts) for parts in zip(*results, strict=True)]

    def close(self) -> None:
        """End the thread and release the GPU; waiting requests raise ExecutorError."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join()

    def _submit(self, requests: Iterable[_Request]) -> None:
        with self._changed:
            if self._is_closed:
                raise ExecutorError(self._why_closed)
            self._waiting.extend(requests)
            self._changed.notify_all()

    def _work(self, opened: Future[None]) -> None:
        try:
            self._executor = self._factory(False)
        except Exception as error:
            opened.set_exception(error)
            return
        opened.set_result(None)
        try:
            while requests := self._next():
                for model in dict.fromkeys(request.model for request in requests):
                    self._answer(model, [each for each in requests if each.model == model])
        except Exception as error:
            _LOG.exception('the GPU worker thread ended')
            self._why_closed = (
                f'the GPU worker thread ended by an error of its own ({_in_one_line(error)}); '
                'restart the program, or configure the node again'
            )
        finally:
            self._end()

    def _next(self) -> list[_Request]:
        """Wait for requests and return all there are; none when the worker is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed)
            if self._is_closed:
                return []
            requests = list(self._waiting)
            self._waiting.clear()
            self._running = requests
        return requests

    def _answer(self, model: str, requests: Sequence[_Request]) -> None:
        try:
            executor = self._open_executor()
            results = executor.run(model, [request.crops for request in requests])
        except ExecutorLostError as error:
            self._fail(requests, str(error), error)
        except Exception as error:  # ONNX Runtime's have no common base
            self._handle_error(model, requests, error)
        else:
            self._runs += 1
            if self._runs >= RUNS_TO_RECOVER:
                self._backoff.reset()
            for request, each in zip(requests, results, strict=True):
                request.results.set_result(each)

    def _open_executor(self) -> GpuExecutor:
        """Return the executor, opened again if it has failed and the pause is over."""
        if self._executor is None:
            if self._backoff.left_s > 0:
                raise ExecutorLostError(self._failure_text())
            try:
                self._executor = self._factory(True)
            except Exception as error:  # whatever it is, it may be gone at the next try
                self._discard_executor(f'the GPU does not open: {_in_one_line(error)}')
                raise ExecutorLostError(self._failure_text()) from error
        return self._executor

    def _handle_error(self, model: str, requests: Sequence[_Request], error: Exception) -> None:
        """Fail all requests if the GPU has failed, else the request that causes the error."""
        if isinstance(error, CudaError) or is_gpu_fault(error):
            self._discard_executor(f'the GPU failed in {model}: {_in_one_line(error)}')
            self._fail(requests, self._failure_text(), error)
        elif len(requests) > 1:
            for request in requests:
                self._answer(model, [request])
        else:
            requests[0].results.set_exception(error)

    def _discard_executor(self, why: str) -> None:
        """Close the failed executor; the first request after the pause opens a new one."""
        self.failures, self._runs, self._failure = self.failures + 1, 0, why
        self._backoff.start_pause()
        self._close_executor()

    def _close_executor(self) -> None:
        executor, self._executor = self._executor, None
        try:
            if executor is not None:
                executor.close()
        except Exception as error:  # the next executor does not depend on it
            _LOG.error('the failed GPU was not released: %s', error)

    def _failure_text(self) -> str:
        left_s = max(self._backoff.left_s, 0)
        return (
            f'{self._failure}; it is opened again in {left_s:.1f} s; if that does not help, '
            'restart the program'
        )

    @staticmethod
    def _fail(requests: Iterable[_Request], text: str, cause: Exception) -> None:
        for request in requests:
            error = ExecutorLostError(text)
            error.__cause__ = cause
            request.results.set_exception(error)

    def _end(self) -> None:
        """Fail whatever still waits, for whichever reason the thread ends, and release the GPU."""
        with self._changed:
            self._is_closed = True
        for request in (*self._running, *self._waiting):
            if not request.results.done():
                request.results.set_exception(ExecutorError(self._why_closed))
        self._close_executor()


def _in_one_line(error: Exception) -> str:
    return ' '.join(str(error).split())
