"""A GPU that is opened again after it has failed; the same for all ways to ask it.

If the GPU fails (out of memory, a device fault), all requests of the run fail, and a later one
opens it again, after a pause that doubles each time. An error of one request fails that request
alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from facemesh_ros.errors import in_one_line
from facemesh_ros.inference.gpu.executor import Crops, GpuExecutor, Results
from facemesh_ros.inference.gpu.memory import CudaError, ExecutorLostError
from facemesh_ros.inference.gpu_faults import is_gpu_fault
from facemesh_ros.inference.gpu_recovery import Backoff

FIRST_BACKOFF_S = 0.5
# Runs without a failure after which the pause is the first one again.
RUNS_TO_RECOVER = 1000
Factory = Callable[[bool], GpuExecutor]
_LOG = logging.getLogger(__name__)


class RecoveringExecutor:
    """Runs requests on a GPU; for one thread at a time.

    Attributes:
        failures: How often an executor has failed.
    """

    def __init__(self, factory: Factory, backoff: Backoff | None = None) -> None:
        """Open nothing yet.

        Args:
            factory: Opens a GPU with all models; True after a failure.
            backoff: The pauses between a failure and the next attempt; None for the default.
        """
        self.failures = self._runs = 0
        self._factory = factory
        self._backoff, self._failure = backoff or Backoff(FIRST_BACKOFF_S), ''
        self._executor: GpuExecutor | None = None

    def open(self) -> None:
        """Open the GPU for the first time; raises what the factory raises."""
        self._executor = self._factory(False)

    def answer(self, model: str, requests: Sequence[Crops]) -> list[Results | Exception]:
        """Run a model on several requests together.

        Args:
            model: Its name.
            requests: One or more.

        Returns:
            For each request its outputs, or what is wrong: an ExecutorLostError if the GPU fails
            or is not open again yet, else whatever is wrong with the request.
        """
        try:
            results = self._opened().run(model, requests)
        except ExecutorLostError as error:
            return self._lost(requests, str(error), error)
        except Exception as error:  # ONNX Runtime's have no common base
            return self._after_error(model, requests, error)
        self._runs += 1
        if self._runs >= RUNS_TO_RECOVER:
            self._backoff.reset()
        return list(results)

    def close(self) -> None:
        """Release the GPU."""
        executor, self._executor = self._executor, None
        try:
            if executor is not None:
                executor.close()
        except Exception as error:  # the next executor does not depend on it
            _LOG.error('the failed GPU was not released: %s', error)

    def _opened(self) -> GpuExecutor:
        """Return the executor, opened again if it has failed and the pause is over."""
        if self._executor is None:
            if self._backoff.left_s > 0:
                raise ExecutorLostError(self._failure_text())
            try:
                self._executor = self._factory(True)
            except Exception as error:  # whatever it is, it may be gone at the next try
                self._discard(f'the GPU does not open: {in_one_line(error)}')
                raise ExecutorLostError(self._failure_text()) from error
        return self._executor

    def _after_error(
        self, model: str, requests: Sequence[Crops], error: Exception
    ) -> list[Results | Exception]:
        """Fail all requests if the GPU has failed, else the request that causes the error."""
        if isinstance(error, CudaError) or is_gpu_fault(error):
            self._discard(f'the GPU failed in {model}: {in_one_line(error)}')
            return self._lost(requests, self._failure_text(), error)
        if len(requests) == 1:
            return [error]
        return [self.answer(model, [request])[0] for request in requests]

    def _discard(self, why: str) -> None:
        """Close the failed executor; the first request after the pause opens a new one."""
        self.failures, self._runs, self._failure = self.failures + 1, 0, why
        self._backoff.start_pause()
        self.close()

    def _failure_text(self) -> str:
        left_s = max(self._backoff.left_s, 0)
        return (
            f'{self._failure}; it is opened again in {left_s:.1f} s; if that does not help, '
            'restart the program'
        )

    @staticmethod
    def _lost(requests: Sequence[Crops], text: str, cause: Exception) -> list[Results | Exception]:
        """Return an error for each, as several threads cannot raise the same one."""
        errors: list[Results | Exception] = []
        for _ in requests:
            error = ExecutorLostError(text)
            error.__cause__ = cause
            errors.append(error)
        return errors
