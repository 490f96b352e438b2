"""One model at fixed batch sizes, each with memory that is bound once and never moves.

A CUDA graph replays the addresses and shapes of its capture, whatever is bound now. So each batch
size of a model has its own binding and its own graph, and neither ever changes. When the buffer
of images moves, all are made again, with new graph ids.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.inference.capture_lock import CAPTURE_LOCK
from facemesh_ros.inference.gpu.image_slots import ImageSlots
from facemesh_ros.inference.gpu.memory import Memory, PackedBuffers, Shapes
from facemesh_ros.inference.gpu.sampling_inputs import Inputs
from facemesh_ros.inference.onnx_runtime import ort
from facemesh_ros.inference.session import ModelSession

SIZES = (1, 2, 4, 8, 16, 32, 64)
PIXELS = 'pixels'
DTYPES = {
    'tensor(float)': np.float32,
    'tensor(double)': np.float64,
    'tensor(int32)': np.int32,
    'tensor(uint8)': np.uint8,
}
NO_GRAPH = -1
_graph_ids = itertools.count(1)


def size_for(crops: int) -> int:
    """Return the smallest batch size that holds so many crops."""
    return next(size for size in SIZES if size >= crops)


class Batch:
    """Inputs and outputs of one batch size, bound to a session."""

    def __init__(
        self,
        session: ModelSession,
        outputs: Sequence[str],
        memory: Memory,
        images: ImageSlots,
        size: int,
        *,
        captured: bool,
    ) -> None:
        """Allocate memory and bind it.

        Args:
            session: The model.
            outputs: Names of the outputs to bind.
            memory: Memory of the GPU.
            images: The images, if the model reads any.
            size: Number of crops.
            captured: Whether to capture a CUDA graph.
        """
        self._session = session.session
        self._binding = self._session.io_binding()
        wanted = [item for item in self._session.get_outputs() if item.name in outputs]
        self._order = outputs
        with ExitStack() as undo:
            self._inputs = PackedBuffers(
                memory, _shapes(self._session.get_inputs(), size, without=PIXELS)
            )
            undo.callback(self._inputs.free)
            self._outputs = PackedBuffers(memory, _shapes(wanted, size))
            undo.callback(self._outputs.free)
            self._bind(memory, images)
            self._options = _run_options(memory, captured=captured)
            self._captured, self._this_thread = captured, threading.local()
            undo.pop_all()

    def run(self, inputs: Sequence[Inputs], counts: Sequence[int]) -> dict[str, NDArray[Any]]:
        """Run the crops of several requests together.

        Args:
            inputs: Of each request, batch axis first, or 1 for what all its crops share.
            counts: Number of crops of each request; together at most as many as fit.

        Returns:
            Outputs by name for all crops in that order; overwritten by the next run.
        """
        start = 0
        for values, count in zip(inputs, counts, strict=True):
            for name, target in self._inputs.arrays.items():
                target[start : start + count] = values[name]
            start += count
        # The rest holds values of an older batch, whose results nobody reads.
        self._inputs.upload()
        # Each thread captures a graph of its own, in its first run.
        captures = self._captured and not hasattr(self._this_thread, 'has_captured')
        with CAPTURE_LOCK if captures else nullcontext():
            self._session.run_with_iobinding(self._binding, self._options)
        self._this_thread.has_captured = True
        self._outputs.download()
        return {name: self._outputs.arrays[name] for name in self._order}

    def free(self) -> None:
        """Free the memory."""
        self._inputs.free()
        self._outputs.free()

    def _bind(self, memory: Memory, images: ImageSlots) -> None:
        device = memory.device, memory.device_id
        for name, values in self._inputs.arrays.items():
            address = self._inputs.addresses[name]
            self._binding.bind_input(name, *device, values.dtype.type, values.shape, address)
        if PIXELS in (item.name for item in self._session.get_inputs()):
            self._binding.bind_input(PIXELS, *device, np.uint8, (images.size,), images.address)
        for name, values in self._outputs.arrays.items():
            address = self._outputs.addresses[name]
            self._binding.bind_output(name, *device, values.dtype.type, values.shape, address)


def _shapes(items: Sequence[Any], size: int, without: str = '') -> Shapes:
    """Return type and shape of a session's inputs or outputs in a batch of one size."""
    return {
        item.name: (np.dtype(DTYPES[item.type]), (size, *item.shape[1:]))
        for item in items
        if item.name != without
    }


def _run_options(memory: Memory, *, captured: bool) -> ort.RunOptions:
    options = ort.RunOptions()
    if memory.provider_options:
        # The download follows on the same stream, and synchronizes.
        options.add_run_config_entry('disable_synchronize_execution_providers', '1')
    # ONNX Runtime looks for the id in each run, and an id that is not there costs it 50 µs.
    graph_id = next(_graph_ids) if captured else NO_GRAPH
    options.add_run_config_entry('gpu_graph_id', str(graph_id))
    return options
