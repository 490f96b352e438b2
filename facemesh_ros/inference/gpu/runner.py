"""Whoever runs models on a GPU for its callers, and what all ways to do so have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from facemesh_ros.inference.gpu.bound_batches import SIZES
from facemesh_ros.inference.gpu.executor import Crops, Results
from facemesh_ros.inference.gpu.recovering_executor import Factory, RecoveringExecutor
from facemesh_ros.inference.gpu.sampling_inputs import Inputs
from facemesh_ros.inference.gpu_recovery import Backoff
from facemesh_ros.types import Frame

CLOSED = 'the GPU is closed'


class GpuRunner(ABC):
    """Runs models for any number of threads."""

    def __init__(self, factory: Factory, backoff: Backoff | None = None) -> None:
        """Open nothing yet; see `RecoveringExecutor`."""
        self._executor = RecoveringExecutor(factory, backoff)

    @property
    def failures(self) -> int:
        """How often the GPU has failed."""
        return self._executor.failures

    def run(self, model: str, frame: Frame | None, inputs: Inputs) -> Results:
        """Run a model and return its outputs.

        Args:
            model: Its name.
            frame: The image, None if the model reads none. The same object is uploaded once.
            inputs: Of one or more crops, batch axis first.

        Returns:
            The outputs, batch axis first.

        Raises:
            ExecutorLostError: If the GPU fails, or is not open again yet after a failure.
            ExecutorError: If this is closed.
            Exception: Whatever else is wrong with the request.
        """
        crops, most = Crops(frame, inputs), SIZES[-1]
        if len(crops) <= most:
            return _raised(self._answers(model, [crops])[0])
        parts = [
            Crops(frame, {name: each[at : at + most] for name, each in inputs.items()})
            for at in range(0, len(crops), most)
        ]
        results = [_raised(answer) for answer in self._answers(model, parts)]
        return [np.concatenate(each) for each in zip(*results, strict=True)]

    @abstractmethod
    def close(self) -> None:
        """Release the GPU; waiting requests raise ExecutorError."""

    @abstractmethod
    def _answers(self, model: str, requests: Sequence[Crops]) -> list[Results | Exception]:
        """Return what `RecoveringExecutor.answer` returns."""


def _raised(answer: Results | Exception) -> Results:
    if isinstance(answer, Exception):
        raise answer
    return answer
