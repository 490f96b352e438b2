"""The models of a sensor on a GPU: opened with the parts around them, run by one engine."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from facemesh_ros.acceleration.flavours import flavour_for
from facemesh_ros.core.network import Network
from facemesh_ros.core.profiles import detector_profile, landmark_profile
from facemesh_ros.core.providers import CPU, PROVIDERS, ExecutionProviderError, ProviderChoice
from facemesh_ros.core.sampling import Inputs
from facemesh_ros.core.types import Frame, PixelOrder
from facemesh_ros.device.batches import KINDS, SIZES, size_for
from facemesh_ros.device.cuda import CudaMemory
from facemesh_ros.device.device import LAYOUT, Device
from facemesh_ros.device.engine import Engine
from facemesh_ros.device.memory import HostMemory, Memory
from facemesh_ros.device.models import (
    BLENDSHAPE_OUTPUTS,
    DETECTOR_OUTPUTS,
    LANDMARK_OUTPUTS,
    DeviceDetector,
    DeviceExpressions,
    DeviceLandmarker,
)
from facemesh_ros.models.catalog import Kind, entry_of
from facemesh_ros.models.store import ModelStore

CUDA = PROVIDERS['cuda']
_OUTPUTS: Mapping[Kind, Sequence[str]] = {
    Kind.DETECTOR: DETECTOR_OUTPUTS,
    Kind.LANDMARKS: LANDMARK_OUTPUTS,
    Kind.BLENDSHAPES: BLENDSHAPE_OUTPUTS,
}


@dataclass(frozen=True, slots=True)
class DeviceModels:
    """Models on a device; the streams of a sensor share them.

    Attributes:
        engine: Runs them; to be closed at the end.
        networks: What they were when they were opened first, by name.
        opened_ms: How long that took, ms.
        detectors: By name.
        landmarker: Of all streams.
        expressions: The same; None where none were asked for.
    """

    engine: Engine
    networks: Mapping[str, Network]
    opened_ms: Mapping[str, float]
    detectors: Mapping[str, DeviceDetector]
    landmarker: DeviceLandmarker
    expressions: DeviceExpressions | None

    def warm_up(self, faces: int, looks: int) -> dict[str, float]:
        """Run every model at each batch size that so many faces, or looks for them, may need.

        The first run of a size takes memory, chooses algorithms and captures its CUDA graph.

        Returns:
            How long the first run of each model took, ms.
        """
        first_ms: dict[str, float] = {}
        grey = Frame(np.full((240, 320), 128, np.uint8), PixelOrder.MONO)
        for name, network in self.networks.items():
            most = looks if name in self.detectors else faces
            largest = size_for(min(most, SIZES[-1]))
            for size in reversed([size for size in SIZES if size <= largest]):
                start_s = time.perf_counter()
                self.engine.run(name, grey, _zeros(network, size))
                first_ms.setdefault(name, 1e3 * (time.perf_counter() - start_s))
        return first_ms


@dataclass(slots=True)
class DeviceOpener:
    """Opens models on the device that is wanted, all of them or none.

    Attributes:
        files: ONNX files by model, with the parts around them.
        choice: On what.
        images: How many images to keep there.
        networks: What was opened last.
        opened_ms: How long that took, ms.
    """

    files: Mapping[str, bytes]
    choice: ProviderChoice
    images: int
    networks: dict[str, Network] = field(default_factory=dict)
    opened_ms: dict[str, float] = field(default_factory=dict)

    def __call__(self, *, again: bool) -> Device:
        """Open everything; with CUDA graphs unless it is `again`, as they may be what failed.

        Raises:
            ExecutionProviderError: If the device is not there or does not take the models.
        """
        captured = self.choice.wanted == CUDA and not again
        memory = _memory(self.choice)
        try:
            self.networks = self._opened(memory, captured=captured)
            outputs = {name: _OUTPUTS[entry_of(name).kind] for name in self.files}
            return Device(self.networks, outputs, memory, images=self.images, captured=captured)
        except Exception:
            memory.close()
            raise

    def _opened(self, memory: Memory, *, captured: bool) -> dict[str, Network]:
        options = dict(memory.provider_options)
        if captured:
            options['enable_cuda_graph'] = '1'
        choice = replace(self.choice, cuda_options=tuple(options.items()))
        networks = {}
        for name, onnx in self.files.items():
            start_s = time.perf_counter()
            networks[name] = Network(onnx, choice)
            self.opened_ms[name] = 1e3 * (time.perf_counter() - start_s)
        return networks


def device_models(
    store: ModelStore,
    choice: ProviderChoice,
    *,
    landmark_model: str,
    detectors: Sequence[str],
    expressions: str = '',
    streams: int = 1,
) -> DeviceModels:
    """Open models on a device.

    Args:
        store: Where they are.
        choice: On what: CUDA; the CPU too, which is slower so and good for tests only.
        landmark_model: Name of the landmark model.
        detectors: Names of the detectors.
        expressions: Name of the blendshape model, empty for none.
        streams: How many images may be in work at once.

    Raises:
        FacemeshError: If a model is missing, or the device does not take it.
    """
    names = [landmark_model, *detectors, *filter(None, [expressions])]
    files = {name: store.load_for_images(name, flavour_for(name, choice)) for name in names}
    opener = DeviceOpener(files, choice, images=streams + 1)
    engine = Engine(opener)
    networks, max_iou = opener.networks, landmark_profile(landmark_model).max_iou
    return DeviceModels(
        engine,
        networks,
        opener.opened_ms,
        {
            name: DeviceDetector(
                engine, name, networks[name].input_size, detector_profile(name), max_iou
            )
            for name in detectors
        },
        DeviceLandmarker(
            engine,
            landmark_model,
            networks[landmark_model].input_size,
            networks[landmark_model].shape('points')[0],
        ),
        DeviceExpressions(engine, expressions) if expressions else None,
    )


def _memory(choice: ProviderChoice) -> Memory:
    """Return memory of the device that is wanted."""
    if choice.wanted == CUDA:
        return CudaMemory(choice.device_id)
    if choice.wanted == CPU:
        return HostMemory()
    raise ExecutionProviderError(f'{choice.wanted} does not take whole images')


def _zeros(network: Network, count: int) -> Inputs:
    """Return inputs for so many crops of nothing."""
    return {
        item.name: np.zeros((count, *item.shape[1:]), KINDS[item.type])
        for item in network.session.get_inputs()
        if item.name not in LAYOUT
    }
