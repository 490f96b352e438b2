"""The models of a sensor on a GPU: opened with the parts around them, run by one engine."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from facemesh_ros.assembly.gpu_stages import (
    BLENDSHAPE_OUTPUTS,
    DETECTOR_OUTPUTS,
    LANDMARK_OUTPUTS,
    DeviceDetector,
    DeviceExpressions,
    DeviceLandmarker,
)
from facemesh_ros.catalog.model_entry import Kind
from facemesh_ros.catalog.models import detector_spec, entry_of, landmark_spec
from facemesh_ros.inference.gpu.batch_worker import BatchWorker
from facemesh_ros.inference.gpu.bound_batches import KINDS, SIZES, size_for
from facemesh_ros.inference.gpu.executor import LAYOUT
from facemesh_ros.inference.gpu.executor_factory import GpuExecutorFactory
from facemesh_ros.inference.gpu.sampling_inputs import Inputs
from facemesh_ros.inference.gpu_faults import is_onnxruntime_error
from facemesh_ros.inference.model_loader import ModelLoader
from facemesh_ros.inference.providers import ExecutionProviderError, ProviderChoice
from facemesh_ros.inference.session import ModelSession, variant_for
from facemesh_ros.models.store import ModelStore
from facemesh_ros.types import Frame, PixelOrder

# Threads of a stream that wait for a device at the same time, for it to take their looks together.
MAX_CONCURRENT_REQUESTS = 4
_OUTPUTS: Mapping[Kind, Sequence[str]] = {
    Kind.DETECTOR: DETECTOR_OUTPUTS,
    Kind.LANDMARKS: LANDMARK_OUTPUTS,
    Kind.BLENDSHAPES: BLENDSHAPE_OUTPUTS,
}


@dataclass(frozen=True, slots=True)
class ModelNames:
    """Which models are wanted.

    Attributes:
        landmarks: The landmark model.
        detectors: All that are to look.
        expressions: The blendshape model, empty for none.
    """

    landmarks: str
    detectors: tuple[str, ...]
    expressions: str = ''

    @property
    def all(self) -> tuple[str, ...]:
        """All of them."""
        return (self.landmarks, *self.detectors, *filter(None, [self.expressions]))


@dataclass(frozen=True, slots=True)
class GpuModels:
    """Models on a device; the streams of a sensor share them.

    Attributes:
        engine: Runs them; to be closed at the end.
        networks: What they were when they were opened first, by name.
        opened_ms: How long that took, ms.
        detectors: By name.
        landmarker: Of all streams.
        expressions: The same; None where none were asked for.
    """

    engine: BatchWorker
    networks: Mapping[str, ModelSession]
    opened_ms: Mapping[str, float]
    detectors: Mapping[str, DeviceDetector]
    landmarker: DeviceLandmarker
    expressions: DeviceExpressions | None

    def warm_up(self, faces: int, looks: int) -> dict[str, float]:
        """Run every model at each batch size that so many faces, or looks for them, may need.

        The first run of a size takes memory, chooses algorithms and captures its CUDA graph.

        Returns:
            How long the first run of each model took, ms.

        Raises:
            ExecutionProviderError: If the device does not run one.
        """
        first_ms: dict[str, float] = {}
        grey = Frame(np.full((240, 320), 128, np.uint8), PixelOrder.MONO)
        for name, network in self.networks.items():
            most = looks if name in self.detectors else faces
            largest = size_for(min(most, SIZES[-1]))
            for size in reversed([size for size in SIZES if size <= largest]):
                start_s = time.perf_counter()
                _run_first(self.engine, name, grey, _zeros(network, size))
                first_ms.setdefault(name, 1e3 * (time.perf_counter() - start_s))
        return first_ms


def proven_models(
    store: ModelStore,
    opener: ModelLoader,
    names: ModelNames,
    *,
    faces: int,
    streams: int,
) -> GpuModels:
    """Open models where an opener is to open them, run them, and add that to its proof.

    Args:
        store: Where they are.
        opener: Knows on what.
        names: Which models.
        faces: Of each stream, at most.
        streams: How many images may be in work at once.

    Raises:
        FacemeshError: If a model is missing, or the device does not take it.
    """
    device = open_gpu_models(store, opener.choice, names, streams=streams)
    try:
        first_ms = device.warm_up(faces=faces * streams, looks=MAX_CONCURRENT_REQUESTS * streams)
        for name, network in device.networks.items():
            opener.accept(name, network, opened_ms=device.opened_ms[name], first_ms=first_ms[name])
    except BaseException:
        device.engine.close()
        raise
    return device


def open_gpu_models(
    store: ModelStore, choice: ProviderChoice, names: ModelNames, *, streams: int = 1
) -> GpuModels:
    """Open models on a device.

    Args:
        store: Where they are.
        choice: On what: CUDA; the CPU too, which is slower so and good for tests only.
        names: Which models.
        streams: How many images may be in work at once.

    Raises:
        FacemeshError: If a model is missing, or the device does not take it.
    """
    files = {name: store.load_for_images(name, variant_for(name, choice)) for name in names.all}
    outputs = {name: _OUTPUTS[entry_of(name).kind] for name in names.all}
    opener = GpuExecutorFactory(files, outputs, choice, images=streams + 1)
    engine = BatchWorker(opener)
    try:
        return _stages(engine, opener, names)
    except BaseException:
        engine.close()
        raise


def _stages(engine: BatchWorker, opener: GpuExecutorFactory, names: ModelNames) -> GpuModels:
    networks, max_iou = opener.networks, landmark_spec(names.landmarks).max_iou
    return GpuModels(
        engine,
        networks,
        opener.opened_ms,
        {
            name: DeviceDetector(
                engine, name, networks[name].input_size, detector_spec(name), max_iou
            )
            for name in names.detectors
        },
        DeviceLandmarker(
            engine,
            names.landmarks,
            networks[names.landmarks].input_size,
            networks[names.landmarks].shape('points')[0],
        ),
        DeviceExpressions(engine, names.expressions) if names.expressions else None,
    )


def _run_first(engine: BatchWorker, model: str, frame: Frame, inputs: Inputs) -> None:
    """Run a model that may not run here at all; raises ExecutionProviderError if it does not."""
    try:
        engine.run(model, frame, inputs)
    except Exception as error:
        if not is_onnxruntime_error(error):
            raise
        raise ExecutionProviderError(f'{model} does not run on the device: {error}') from error


def _zeros(network: ModelSession, count: int) -> Inputs:
    """Return inputs for so many crops of nothing."""
    return {
        item.name: np.zeros((count, *item.shape[1:]), KINDS[item.type])
        for item in network.session.get_inputs()
        if item.name not in LAYOUT
    }
