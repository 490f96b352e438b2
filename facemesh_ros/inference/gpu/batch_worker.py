"""Batching worker: one thread runs the models of all cameras.

All requests that wait when it becomes free go into one batch; it never waits for more to come.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from facemesh_ros.errors import in_one_line
from facemesh_ros.inference.gpu.executor import Crops, Results
from facemesh_ros.inference.gpu.memory import ExecutorError
from facemesh_ros.inference.gpu.recovering_executor import Factory
from facemesh_ros.inference.gpu.runner import CLOSED, GpuRunner
from facemesh_ros.inference.gpu_recovery import Backoff

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Request:
    model: str
    crops: Crops
    answer: Future[Results | Exception] = field(default_factory=Future)


class BatchWorker(GpuRunner):
    """Runs the requests of several threads together, in a thread of its own."""

    def __init__(self, factory: Factory, backoff: Backoff | None = None) -> None:
        """Open the GPU in the new thread; see `RecoveringExecutor`. Raises what it raises."""
        super().__init__(factory, backoff)
        self._waiting: deque[_Request] = deque()
        self._running: list[_Request] = []
        self._changed = threading.Condition()
        self._is_closed, self._why_closed = False, CLOSED
        opened: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._work, args=(opened,), name='facemesh gpu', daemon=True
        )
        self._thread.start()
        opened.result()

    def close(self) -> None:
        """End the thread and release the GPU; waiting requests raise ExecutorError."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join()

    def _answers(self, model: str, requests: Sequence[Crops]) -> list[Results | Exception]:
        submitted = [_Request(model, crops) for crops in requests]
        with self._changed:
            if self._is_closed:
                raise ExecutorError(self._why_closed)
            self._waiting.extend(submitted)
            self._changed.notify_all()
        return [request.answer.result() for request in submitted]

    def _work(self, opened: Future[None]) -> None:
        try:
            self._executor.open()
        except Exception as error:
            opened.set_exception(error)
            return
        opened.set_result(None)
        try:
            while requests := self._next():
                for model in dict.fromkeys(request.model for request in requests):
                    self._run_together([each for each in requests if each.model == model])
        except Exception as error:
            _LOG.exception('the GPU worker thread ended')
            self._why_closed = (
                f'the GPU worker thread ended by an error of its own ({in_one_line(error)}); '
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

    def _run_together(self, requests: Sequence[_Request]) -> None:
        """Answer requests for the same model."""
        crops = [request.crops for request in requests]
        answers = self._executor.answer(requests[0].model, crops)
        for request, answer in zip(requests, answers, strict=True):
            request.answer.set_result(answer)

    def _end(self) -> None:
        """Fail whatever still waits, for whichever reason the thread ends, and release the GPU."""
        with self._changed:
            self._is_closed = True
        for request in (*self._running, *self._waiting):
            if not request.answer.done():
                request.answer.set_result(ExecutorError(self._why_closed))
        self._executor.close()
