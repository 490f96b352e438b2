"""One thread that runs the models for everybody.

Whoever waits when it is free goes into one batch, from whichever camera; nobody waits for others
to come. What it runs on may be lost while it runs (out of memory, a fault of the device): then
those who wait hear of it, and it opens the device anew, after a pause that grows. What is wrong
with one request alone is told to whoever made it, and the device goes on.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from facemesh_ros.inference.gpu.bound_batches import SIZES
from facemesh_ros.inference.gpu.executor import Crops, GpuExecutor, Results
from facemesh_ros.inference.gpu.memory import CudaError, ExecutorError, ExecutorLostError
from facemesh_ros.inference.gpu.sampling_inputs import Inputs
from facemesh_ros.inference.gpu_faults import is_gpu_fault
from facemesh_ros.types import Frame

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 60.0
# After so many runs a loss is the first one again.
CALM_RUNS = 1000
_LOG = logging.getLogger(__name__)


class Opener(Protocol):
    """Opens a device and everything on it."""

    def __call__(self, *, again: bool) -> GpuExecutor:
        """Return a new one; `again` after one was lost."""


@dataclass(frozen=True, slots=True)
class _Request:
    model: str
    crops: Crops
    results: Future[Results] = field(default_factory=Future)


class BatchWorker:
    """Runs models for any number of threads.

    Attributes:
        losses: How often a device was lost.
    """

    def __init__(self, opener: Opener, first_pause_s: float = FIRST_PAUSE_S) -> None:
        """Open the device.

        Args:
            opener: Opens it now, and again when it was lost; in the engine's thread.
            first_pause_s: How long to wait after the first loss; twice as long after the next.

        Raises:
            FacemeshError: If it cannot be opened.
        """
        self.losses = self._runs = 0
        self._opener = opener
        self._first_pause_s = self._pause_s = first_pause_s
        self._not_before_s, self._loss = 0.0, ''
        self._device: GpuExecutor | None = None
        self._waiting: deque[_Request] = deque()
        self._in_hand: list[_Request] = []
        self._changed = threading.Condition()
        self._is_closed, self._why_closed = False, 'the device is closed'
        opened: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._work, args=(opened,), name='facemesh device', daemon=True
        )
        self._thread.start()
        opened.result()

    def run(self, model: str, frame: Frame | None, inputs: Inputs) -> Results:
        """Run a model and wait for what it finds.

        Args:
            model: Name of it.
            frame: The image, if it looks at one. While the same object is asked about again, it
                need not be uploaded again.
            inputs: Of one or more crops, batch axis first.

        Returns:
            The outputs, batch axis first.

        Raises:
            ExecutorLostError: If the device does not run it, or is not open yet after a loss.
            ExecutorError: If the engine is closed.
            Exception: Whatever else is wrong with what is asked for.
        """
        count, most = len(next(iter(inputs.values()))), SIZES[-1]
        requests = [
            _Request(
                model, Crops(frame, {name: each[at : at + most] for name, each in inputs.items()})
            )
            for at in range(0, count, most)
        ]
        self._ask(requests)
        results = [request.results.result() for request in requests]
        if len(results) == 1:
            return results[0]
        return [np.concatenate(parts) for parts in zip(*results, strict=True)]

    def close(self) -> None:
        """End the thread and give the device back; who still waits gets a DeviceError."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join()

    def _ask(self, requests: Iterable[_Request]) -> None:
        with self._changed:
            if self._is_closed:
                raise ExecutorError(self._why_closed)
            self._waiting.extend(requests)
            self._changed.notify_all()

    def _work(self, opened: Future[None]) -> None:
        try:
            self._device = self._opener(again=False)
        except Exception as error:
            opened.set_exception(error)
            return
        opened.set_result(None)
        try:
            while requests := self._next():
                for model in dict.fromkeys(request.model for request in requests):
                    self._answer(model, [each for each in requests if each.model == model])
        except Exception as error:
            _LOG.exception('the thread of the device ended')
            self._why_closed = (
                f'the thread of the device ended by a fault of its own ({_in_one_line(error)}); '
                'restart the program, or configure the node anew'
            )
        finally:
            self._end()

    def _next(self) -> list[_Request]:
        """Wait for requests and return all there are; none when the engine is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed)
            if self._is_closed:
                return []
            requests = list(self._waiting)
            self._waiting.clear()
            self._in_hand = requests
        return requests

    def _answer(self, model: str, requests: Sequence[_Request]) -> None:
        try:
            device = self._ready_device()
            results = device.run(model, [request.crops for request in requests])
        except ExecutorLostError as error:
            self._fail(requests, str(error), error)
        except Exception as error:  # ONNX Runtime's have no common base
            self._blame(model, requests, error)
        else:
            self._runs += 1
            if self._runs >= CALM_RUNS:
                self._pause_s = self._first_pause_s
            for request, each in zip(requests, results, strict=True):
                request.results.set_result(each)

    def _ready_device(self) -> GpuExecutor:
        """Return the device, opened anew if it was lost and the pause is over."""
        if self._device is None:
            if time.monotonic() < self._not_before_s:
                raise ExecutorLostError(f'{self._loss}; {self._outlook()}')
            try:
                self._device = self._opener(again=True)
            except Exception as error:  # whatever it is, the next try may find it mended
                self._lose(f'the device does not open: {_in_one_line(error)}')
                raise ExecutorLostError(f'{self._loss}; {self._outlook()}') from error
        return self._device

    def _blame(self, model: str, requests: Sequence[_Request], error: Exception) -> None:
        """Find out whether the device is to blame for an error, or one of the requests."""
        if isinstance(error, CudaError) or is_gpu_fault(error):
            self._lose(f'the device stopped at {model}: {_in_one_line(error)}')
            self._fail(requests, f'{self._loss}; {self._outlook()}', error)
        elif len(requests) > 1:
            for request in requests:
                self._answer(model, [request])
        else:
            requests[0].results.set_exception(error)

    def _lose(self, why: str) -> None:
        """Give up the device; the next one to ask after the pause opens it anew."""
        self.losses, self._runs, self._loss = self.losses + 1, 0, why
        self._not_before_s = time.monotonic() + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        self._close_device()

    def _close_device(self) -> None:
        device, self._device = self._device, None
        try:
            if device is not None:
                device.close()
        except Exception as error:  # the one that is opened next knows nothing of it
            _LOG.error('the device was given up but not given back: %s', error)

    def _outlook(self) -> str:
        left_s = max(self._not_before_s - time.monotonic(), 0)
        return f'it is opened anew in {left_s:.1f} s; if that does not help, restart the program'

    @staticmethod
    def _fail(requests: Iterable[_Request], told: str, cause: Exception) -> None:
        for request in requests:
            error = ExecutorLostError(told)
            error.__cause__ = cause
            request.results.set_exception(error)

    def _end(self) -> None:
        """Let nobody wait for ever, whyever it ends, and give the device back."""
        with self._changed:
            self._is_closed = True
        for request in (*self._in_hand, *self._waiting):
            if not request.results.done():
                request.results.set_exception(ExecutorError(self._why_closed))
        self._close_device()


def _in_one_line(error: Exception) -> str:
    return ' '.join(str(error).split())
