"""Sessions, memory and images on one GPU: all that is lost if it fails."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from numpy.typing import NDArray

from facemesh_ros.inference.capture_lock import CAPTURE_LOCK
from facemesh_ros.inference.gpu.bound_batches import PIXELS, SIZES, Batch, size_for
from facemesh_ros.inference.gpu.image_slots import ImageSlots
from facemesh_ros.inference.gpu.memory import Memory
from facemesh_ros.inference.gpu.sampling_inputs import Inputs
from facemesh_ros.inference.session import ModelSession
from facemesh_ros.types import Frame

# The outputs to return, by model.
Outputs = Mapping[str, Sequence[str]]
Results = list[NDArray[Any]]
# Inputs that say where an image lies in memory; the executor adds them.
LAYOUT = frozenset({PIXELS, 'last', 'strides', 'origins'})


@dataclass(frozen=True, slots=True)
class Crops:
    """Crops of one frame, or inputs of a model without images.

    Attributes:
        frame: The image; None for a model that reads none.
        inputs: Of 1 to 64 crops, without those of `ImageSlots.layouts`.
    """

    frame: Frame | None
    inputs: Inputs

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))


class GpuExecutor:
    """Runs batches, in any thread but in one at a time.

    CUDA graphs belong to the thread of their capture: a thread's first runs are plain ones, then
    it captures its own, of the same memory.
    """

    def __init__(
        self,
        sessions: Mapping[str, ModelSession],
        outputs: Outputs,
        memory: Memory,
        *,
        images: int,
        captured: Collection[str] = (),
    ) -> None:
        """Allocate memory for the images.

        Args:
            sessions: Opened models that take whole images.
            outputs: The outputs to return of each.
            memory: Of the GPU that they are opened on; closed with this.
            images: How many to keep there.
            captured: Models whose runs are captured as CUDA graphs.
        """
        self._sessions, self._outputs, self._captured = sessions, outputs, captured
        self._memory, self._images = memory, ImageSlots(memory, images)
        self._batches: dict[tuple[str, int], Batch] = {}

    def run(self, model: str, requests: Sequence[Crops]) -> list[Results]:
        """Run a model on several requests.

        Args:
            model: Its name.
            requests: One or more.

        Returns:
            For each request its outputs, in the order of `outputs`.
        """
        self._memory.enter()
        results: list[Results] = []
        while len(results) < len(requests):
            results += self._run_once(model, self._fitting(requests[len(results) :]))
        return results

    def close(self) -> None:
        """Release sessions, then memory, which they use."""
        with CAPTURE_LOCK:
            self._batches.clear()
            for session in self._sessions.values():
                session.release()
            self._memory.close()

    def _fitting(self, requests: Sequence[Crops]) -> Sequence[Crops]:
        """Return the first requests, as many as fit in one run."""
        crops, frames = 0, set[int]()
        for index, request in enumerate(requests):
            crops += len(request)
            frames.add(id(request.frame))
            if index and (crops > SIZES[-1] or len(frames) > self._images.count):
                return requests[:index]
        return requests

    def _run_once(self, model: str, requests: Sequence[Crops]) -> list[Results]:
        inputs = self._with_layouts(requests)
        counts = [len(request) for request in requests]
        outputs = self._batch(model, sum(counts)).run(inputs, counts)
        return [
            [values[end - count : end].copy() for values in outputs.values()]
            for count, end in zip(counts, accumulate(counts), strict=True)
        ]

    def _with_layouts(self, requests: Sequence[Crops]) -> list[Inputs]:
        """Upload the images that are not there, and add to each request where its image lies."""
        frames = [request.frame for request in requests if request.frame is not None]
        if len(frames) < len(requests):
            return [request.inputs for request in requests]
        if not self._images.has_room_for(frames):
            self._images.grow(frames)
            # Their addresses are bound.
            for batch in self._batches.values():
                batch.free()
            self._batches.clear()
        layouts = self._images.layouts(frames)
        return [
            {**request.inputs, **layout} for request, layout in zip(requests, layouts, strict=True)
        ]

    def _batch(self, model: str, crops: int) -> Batch:
        """Return the batch of a model for so many crops, bound when it is first needed."""
        key = model, size_for(crops)
        if key not in self._batches:
            self._batches[key] = Batch(
                self._sessions[model],
                self._outputs[model],
                self._memory,
                self._images,
                key[1],
                captured=model in self._captured,
            )
        return self._batches[key]
