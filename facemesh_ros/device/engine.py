"""One thread that runs the models for everybody.

Whoever waits when it is free goes into one batch, from whichever camera; nobody waits for others
to come. What it runs on may be lost while it runs (out of memory, a fault of the device): then
those who wait hear of it, and it opens the device anew, after a pause that grows.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from facemesh_ros.core.sampling import Inputs
from facemesh_ros.core.types import Frame
from facemesh_ros.device.batches import SIZES
from facemesh_ros.device.device import Crops, Device, Results
from facemesh_ros.device.errors import DeviceError, DeviceLostError

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 60.0
# After so many runs a loss is the first one again.
CALM_RUNS = 1000


class Opener(Protocol):
    """Opens a device and everything on it."""

    def __call__(self, *, again: bool) -> Device:
        """Return a new one; `again` after one was lost."""


@dataclass(frozen=True, slots=True)
class _Request:
    model: str
    crops: Crops
    results: Future[Results] = field(default_factory=Future)


class Engine:
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
        self._device: Device | None = None
        self._waiting: deque[_Request] = deque()
        self._in_hand: list[_Request] = []
        self._changed = threading.Condition()
        self._is_closed = False
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
            DeviceLostError: If the device does not run it, or is not open yet after a loss.
            DeviceError: If the engine is closed.
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
                raise DeviceError('the device is closed')
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
            results = self._ready_device().run(model, [request.crops for request in requests])
        except DeviceLostError as error:
            self._fail(requests, str(error), error)
        except Exception as error:  # ONNX Runtime's have no common base
            self._lose(model, error)
            self._fail(requests, f'{self._loss}; {self._outlook()}', error)
        else:
            self._runs += 1
            if self._runs >= CALM_RUNS:
                self._pause_s = self._first_pause_s
            for request, each in zip(requests, results, strict=True):
                request.results.set_result(each)

    def _ready_device(self) -> Device:
        """Return the device, opened anew if it was lost and the pause is over."""
        if self._device is None:
            if time.monotonic() < self._not_before_s:
                raise DeviceLostError(f'{self._loss}; {self._outlook()}')
            self._device = self._opener(again=True)
        return self._device

    def _lose(self, model: str, error: Exception) -> None:
        """Give up the device; the next one to ask after the pause opens it anew."""
        self.losses, self._runs = self.losses + 1, 0
        self._loss = f'the device stopped at {model}: {" ".join(str(error).split())}'
        self._not_before_s = time.monotonic() + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        device, self._device = self._device, None
        if device is not None:
            device.close()

    def _outlook(self) -> str:
        left_s = max(self._not_before_s - time.monotonic(), 0)
        return f'it is opened anew in {left_s:.1f} s; if that does not help, restart the program'

    @staticmethod
    def _fail(requests: Iterable[_Request], told: str, cause: Exception) -> None:
        for request in requests:
            error = DeviceLostError(told)
            error.__cause__ = cause
            request.results.set_exception(error)

    def _end(self) -> None:
        """Let nobody wait for ever, whyever it ends, and give the device back."""
        with self._changed:
            self._is_closed = True
        for request in (*self._in_hand, *self._waiting):
            if not request.results.done():
                request.results.set_exception(DeviceError('the device is closed'))
        if self._device is not None:
            self._device.close()
