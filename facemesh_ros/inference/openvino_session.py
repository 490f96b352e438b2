"""OpenVINO session of one model, used as one of ONNX Runtime is.

It runs in the thread that calls it, as ours of ONNX Runtime do: a stream of OpenVINO's own would
hand each run to another thread, which costs 0.3 ms of processor time (measured; a model takes 0.5
to 3 ms). A session of one stream runs one image at a time, so threads that ask at once get copies
of it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, LifoQueue
from threading import Lock, Thread
from types import ModuleType
from typing import Any

import numpy as np

from facemesh_ros.inference.hardware import usable_cores
from facemesh_ros.inference.openvino_files import CompiledFile, read_compiled, write_compiled
from facemesh_ros.inference.openvino_runtime import load_openvino, openvino_core
from facemesh_ros.types import Float32

OPENVINO = 'OpenVINOExecutionProvider'
_DEVICE = 'CPU'
_OPTIONS = {
    'INFERENCE_NUM_THREADS': 1,
    'NUM_STREAMS': 1,
    # The thread is the caller's, and goes where it likes.
    'ENABLE_CPU_PINNING': False,
    # By default it calculates in bf16 or fp16 on hardware that has it.
    'INFERENCE_PRECISION_HINT': 'f32',
}
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Port:
    """Input or output of a model.

    Attributes:
        name: Its name.
        shape: With a batch of one.
    """

    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a model file says of itself."""

    custom_metadata_map: Mapping[str, str]


class OpenVinoSession:
    """A model with one input, for any number of threads.

    It has those methods of `onnxruntime.InferenceSession` that `ModelSession` calls. The images of
    a batch are run one by one, which is no slower on a CPU, and makes results independent of it.
    """

    def __init__(self, onnx: bytes) -> None:
        """Compile a model, or load what was kept of an earlier compilation.

        Raises:
            ImportError: If the package is not installed.
            RuntimeError: If OpenVINO does not take the model.
        """
        self._openvino = load_openvino()
        self._core = openvino_core()
        kept = read_compiled(onnx)
        compiled = self._load(kept) if kept else None
        if kept is None or compiled is None:
            compiled, kept = _compile(self._openvino, self._core, onnx)
            write_compiled(onnx, kept)
        # What one that was loaded exports cannot be loaded, so its bytes stay, for copies.
        self._compiled, self._kept = compiled, kept
        self._places = {name: place for place, name in enumerate(kept.outputs)}
        self._all_places = range(len(kept.outputs))
        self._free: LifoQueue[Any] = LifoQueue()
        self._free.put(compiled.create_infer_request())
        self._count, self._limit, self._growing = 1, usable_cores(), Lock()

    def run(self, output_names: Sequence[str], input_feed: Mapping[str, Float32]) -> list[Float32]:
        """Return the named outputs of a batch (none: all), batch axis first."""
        (batch,) = input_feed.values()
        places = [self._places[name] for name in output_names] or self._all_places
        request = self._take_request()
        try:
            results = [self._run_one(request, image[None], places) for image in batch]
        finally:
            self._free.put(request)
        if len(results) == 1:
            return results[0]
        if not results:
            raise ValueError('a batch must hold at least one input')
        return [np.concatenate(parts) for parts in zip(*results, strict=True)]

    def get_inputs(self) -> list[Port]:
        """Return the input."""
        return [_port(it, next(iter(it.get_names()))) for it in self._compiled.inputs]

    def get_outputs(self) -> list[Port]:
        """Return the outputs."""
        outputs = self._compiled.outputs
        return [_port(outputs[place], name) for name, place in self._places.items()]

    def get_providers(self) -> list[str]:
        """Return what runs the model, as ONNX Runtime calls it."""
        return [OPENVINO]

    def get_modelmeta(self) -> Metadata:
        """Return what the file says of itself."""
        return Metadata(self._kept.metadata)

    def operators(self) -> list[str]:
        """Return the operators of the compiled model, constants left out."""
        nodes = self._compiled.get_runtime_model().get_ops()
        types = [node.get_rt_info()['layerType'].astype(str) for node in nodes]
        return [it for it in types if it != 'Const']

    def _run_one(self, request: Any, image: Float32, places: Sequence[int]) -> list[Float32]:
        contiguous = np.ascontiguousarray(image, np.float32)
        request.set_input_tensor(self._openvino.Tensor(contiguous, shared_memory=True))
        request.infer()
        return [request.get_output_tensor(place).data.copy() for place in places]

    def _take_request(self) -> Any:
        try:
            return self._free.get_nowait()
        except Empty:
            self._grow()
            return self._free.get()

    def _grow(self) -> None:
        """Begin to make one more copy, unless every core has one; nobody waits for it alone."""
        with self._growing:
            if self._count >= self._limit:
                return
            self._count += 1
        with suppress(RuntimeError):  # no thread can be started: those that ask take turns
            Thread(target=self._add_copy, name='facemesh-openvino').start()

    def _add_copy(self) -> None:
        copy = self._load(self._kept)
        if copy is not None:
            self._free.put(copy.create_infer_request())

    def _load(self, kept: CompiledFile) -> Any:
        try:
            return self._core.import_model(kept.content, _DEVICE, _OPTIONS)
        except RuntimeError as error:
            _LOG.warning('a model that OpenVINO has compiled does not load: %s', error)
            return None


def _compile(openvino: ModuleType, core: Any, onnx: bytes) -> tuple[Any, CompiledFile]:
    """Return the compiled model, and what is to be kept of it."""
    model = core.read_model(onnx, b'')
    known = {name: str(value) for name, value in model.get_rt_info(['framework']).value.items()}
    outputs = tuple(it.get_any_name() for it in model.outputs)
    (taken,) = model.inputs
    model.reshape(openvino.PartialShape([1, *list(taken.partial_shape)[1:]]))
    compiled = core.compile_model(model, _DEVICE, _OPTIONS)
    return compiled, CompiledFile(known, outputs, _exported(compiled))


def _exported(compiled: Any) -> bytes:
    stream = compiled.export_model()
    return stream if isinstance(stream, bytes) else stream.getvalue()


def _port(port: Any, name: str) -> Port:
    return Port(name, tuple(port.shape))
