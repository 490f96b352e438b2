"""Time of the host around a batch: a call less what ONNX Runtime's run and the copies take.

What is left is Python: regions to inputs, images to slots, locks, handing over between threads,
and results. The graphs have the models' inputs and outputs but calculate nothing, so that with the
CPU provider, too, caches are as a GPU leaves them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
import onnx
import onnxruntime as ort
from common.timings import spread
from gpu_measurements.models import WarmModels
from onnx import TensorProto, helper, numpy_helper

from facemesh_ros.assembly.gpu_models import load_gpu_models
from facemesh_ros.assembly.models import ModelNames, Models
from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.catalog.models import landmark_spec
from facemesh_ros.inference.gpu.cuda_memory import CudaMemory
from facemesh_ros.inference.gpu.memory import HostMemory
from facemesh_ros.inference.model_loader import ModelLoader
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.models.store import ModelStore
from facemesh_ros.types import Frame, Rois

WARM_UP, BLOCK = 30, 50
FACES = 4
# Of all outputs; as a score it says that there is no face.
VALUE = -10.0
# By the number of streams that they are loaded for.
WAYS = {1: 'its own thread', 2: 'the batching worker'}
NOT_PYTHON = [
    (ort.InferenceSession, 'run_with_iobinding'),
    *((memory, copy) for memory in (CudaMemory, HostMemory) for copy in ('upload', 'download')),
]
Work = Callable[[Models, Frame, Rois], object]


class IdleModels(ModelStore):
    """Models that calculate nothing."""

    def load(self, name: str, variant: Variant) -> bytes:
        """Return a model with the inputs and outputs of the stored one."""
        return idle_model(super().load(name, variant))


def idle_model(content: bytes) -> bytes:
    """Return a model whose outputs, of the same shapes, are all the same value."""
    model = onnx.load_from_string(content)
    graph = model.graph
    # Without operators for shapes, which ONNX Runtime would assign to the CPU.
    some = min(
        (item for item in graph.input if item.type.tensor_type.elem_type == TensorProto.FLOAT),
        key=lambda item: int(np.prod(_shape(item))),
    )
    zero, axes = np.zeros(1, np.float32), np.arange(1, 1 + len(_shape(some)))
    constants = {'zero': zero, 'axes': axes.astype(np.int64)}
    nodes = [
        helper.make_node('ReduceSum', [some.name, 'axes'], ['sum'], keepdims=0),
        helper.make_node('Mul', ['sum', 'zero'], ['zeros']),
    ]
    for item in graph.output:
        shape, name = _shape(item), item.name
        constants[f'{name}_shape'] = np.array([-1, *[1] * len(shape)], np.int64)
        constants[f'{name}_values'] = np.full((1, *shape), VALUE, np.float32)
        nodes.append(helper.make_node('Reshape', ['zeros', f'{name}_shape'], [f'{name}_zeros']))
        nodes.append(helper.make_node('Add', [f'{name}_zeros', f'{name}_values'], [name]))
    tensors = [numpy_helper.from_array(values, name) for name, values in constants.items()]
    del graph.node[:], graph.initializer[:], graph.value_info[:]
    graph.node.extend(nodes)
    graph.initializer.extend(tensors)
    return bytes(model.SerializeToString())


def _shape(item: onnx.ValueInfoProto) -> list[int]:
    """Return a shape without its batch axis."""
    return [axis.dim_value for axis in item.type.tensor_type.shape.dim[1:]]


def host_rows(warm: WarmModels, choice: ProviderChoice, samples: int) -> Iterator[dict[str, Any]]:
    """Measure each kind of call in the stream's own thread and with the worker, in turn."""
    blendshapes = landmark_spec(warm.model).blendshape_model
    names = ModelNames(warm.model, ('short_range', 'full_range'), blendshapes)
    store, ways = IdleModels(), {}
    with ExitStack() as undo:
        for streams, way in WAYS.items():
            loader = ModelLoader(store, choice)
            ways[way] = load_gpu_models(store, loader, names, faces=FACES, streams=streams)
            undo.callback(ways[way].close)
        for what, work in _works(blendshapes).items():
            for way, values in _times_ms(warm, ways, work, samples).items():
                yield {'what': what, 'way': way, 'ms': spread(values)}


def _works(blendshapes: str) -> dict[str, Work]:
    def landmarks(models: Models, frame: Frame, rois: Rois) -> object:
        return models.landmark_model.predict(frame, rois)

    def expressions(models: Models, frame: Frame, rois: Rois) -> object:
        assert models.blendshape_model
        return models.blendshape_model.predict(points)

    points = np.random.default_rng(0).uniform(0, 500, (1, 478, 3)).astype(np.float32)
    works: dict[str, Work] = {
        'landmarks of one face': landmarks,
        f'landmarks of {FACES} faces': lambda models, frame, rois: landmarks(
            models, frame, rois[np.zeros(FACES, np.intp)]
        ),
        'full_range on the whole image, decoded': (
            lambda models, frame, _: models.detectors['full_range'].detect(frame, 0.9)
        ),
    }
    return {**works, 'blendshapes of one face': expressions} if blendshapes else works


def _times_ms(
    warm: WarmModels, ways: dict[str, Models], work: Work, samples: int
) -> dict[str, list[float]]:
    """Time a kind of work in blocks, one way after the other; returns ms of the host."""
    frames, times = warm.frames(), {way: list[float]() for way in ways}
    with _durations() as excluded:
        for _ in range(0, samples, BLOCK):
            for way, models in ways.items():
                for index in range(WARM_UP + BLOCK):
                    frame, rois = next(frames)
                    excluded.clear()
                    started = time.perf_counter()
                    work(models, frame, rois)
                    took_s = time.perf_counter() - started - sum(excluded)
                    if index >= WARM_UP:
                        times[way].append(1e3 * took_s)
    return times


@contextmanager
def _durations() -> Iterator[list[float]]:
    """Note how long each run and each copy takes, s."""
    durations: list[float] = []

    def timed(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            started = time.perf_counter()
            try:
                return function(*arguments)
            finally:
                durations.append(time.perf_counter() - started)

        return call

    with ExitStack() as undo:
        for owner, name in NOT_PYTHON:
            undo.enter_context(patch.object(owner, name, timed(getattr(owner, name))))
        yield durations
