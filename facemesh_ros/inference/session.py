"""A model in ONNX Runtime or OpenVINO, with its metadata and checks of its outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from facemesh_ros import native
from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.catalog.models import entry_of
from facemesh_ros.errors import FacemeshError
from facemesh_ros.inference.capture_lock import ignore_other_captures
from facemesh_ros.inference.gpu.cuda_memory import cuda_runtime
from facemesh_ros.inference.gpu_faults import is_gpu_fault
from facemesh_ros.inference.onnx_runtime import ort
from facemesh_ros.inference.provider_options import EngineFolder
from facemesh_ros.inference.providers import (
    CPU,
    GPU_PROVIDERS,
    UNBOUND,
    ExecutionProviderError,
    ProviderChoice,
    node_placement,
    open_session,
)
from facemesh_ros.types import Float32

# Logits are below a hundred, and landmarks in px below a few sides of the largest image.
MAX_MAGNITUDE = 1e7
NOT_FINITE = (
    'the model {} returned numbers that are not finite, so an image has no result: check its file '
    'by `facemesh models verify`; if it is sound, set precision to fp32, or execution_provider to '
    'cpu'
)


class ModelMismatchError(FacemeshError):
    """A model file does not have the inputs and outputs that it should have."""


class ModelOutputError(FacemeshError):
    """A model returned NaN, infinity or absurdly large numbers."""


class GpuLostError(ExecutionProviderError):
    """A GPU that ran a model fails: out of memory, or a device fault."""


class ModelSession:
    """A model with one input and named outputs, any batch size.

    Attributes:
        name: Name in the catalog.
        input_size: Side of its square input image in px, 0 if its input is no image.
        source_sha256: Of the file that the model was converted from.
        precision: Precision of its layers, fp32 or fp16.
        variant: See `Variant`.
        provider: The execution provider that runs it.
        placement: Number of nodes per provider; empty if ONNX Runtime does not report it.
        cpu_operators: Operators of the nodes on the CPU; empty if it does not report them.
    """

    def __init__(
        self,
        onnx: bytes,
        choice: ProviderChoice,
        profile: str = '',
        folder: EngineFolder | None = None,
        bound: Mapping[str, str] = UNBOUND,
    ) -> None:
        """Load the model; for all but the file see `open_session`."""
        self._session: Any = open_session(onnx, choice, profile, folder, bound)
        known = self._session.get_modelmeta().custom_metadata_map
        try:
            self.name = known['name']
            self.input_size = int(known['input_size'])
            self.source_sha256 = known['source_sha256']
            self.precision = known['precision']
            self.variant = known['variant']
        except KeyError as error:
            raise ModelMismatchError(
                f'model file lacks the entry {error}; run `facemesh models fetch` to convert again'
            ) from error
        self.provider: str = self._session.get_providers()[0]
        operators = node_placement(self._session)
        self.placement = {name: len(nodes) for name, nodes in operators.items()}
        self.cpu_operators = operators.get(CPU, [])
        self._input = self._session.get_inputs()[0]
        self._shapes = {item.name: tuple(item.shape[1:]) for item in self._session.get_outputs()}

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return tuple(self._shapes)

    def shape(self, output: str) -> tuple[int, ...]:
        """Return the shape of an output without its batch axis."""
        if output not in self._shapes:
            raise ModelMismatchError(
                f'{self.name}: output {output!r} is missing; run `facemesh models fetch` '
                'to restore the pinned file'
            )
        return self._shapes[output]

    def expect(self, output: str, shape: tuple[int, ...]) -> None:
        """Raise ModelMismatchError unless an output has this shape, batch axis left out."""
        if self.shape(output) != shape:
            raise ModelMismatchError(
                f'{self.name}: output {output!r} must be {shape}, file has {self.shape(output)}; '
                'run `facemesh models fetch` to restore the pinned file'
            )

    @property
    def session(self) -> ort.InferenceSession:
        """The runtime's own session, to bind memory to ONNX Runtime's."""
        return self._session

    def release(self) -> None:
        """Destroy the session; attributes stay, but it cannot run any more."""
        del self._session, self._input  # which is a part of it

    def try_once(self) -> None:
        """Run zeros; only now a library that the provider lacks raises an error.

        Some models make NaN of them.
        """
        with suppress(ModelOutputError):
            self.run(np.zeros((1, *self._input.shape[1:]), np.float32))

    def end_profile(self) -> None:
        """Close the file of a profile."""
        self._session.end_profiling()

    def run(self, batch: Float32, outputs: Sequence[str] = ()) -> list[Float32]:
        """Run a batch of N inputs and return the named outputs (none: all), batch axis first.

        Raises:
            ModelOutputError: If an output is not finite.
            GpuLostError: If the GPU fails. Errors of the batch or the names are ONNX Runtime's
                own, on a GPU too.
        """
        if self.provider in GPU_PROVIDERS:
            ignore_other_captures(cuda_runtime)
        try:
            results = self._session.run(list(outputs), {self._input.name: batch})
        except Exception as error:  # ONNX Runtime's have no common base
            if self.provider not in GPU_PROVIDERS or not is_gpu_fault(error):
                raise
            raise GpuLostError(f'{self.provider} does not run {self.name}: {error}') from error
        require_finite(self.name, results)
        return results  # type: ignore[no-any-return]

    def replace_session(self, other: ModelSession) -> None:
        """Run the session of another `ModelSession` of the same model from the next batch on.

        Any thread may call it, also while others run: a current run ends on the old session.
        """
        # An input is a part of its session, and would keep the old one alive.
        self._session, self._input = other._session, other._input
        self.provider, self.precision = other.provider, other.precision
        self.variant, self.placement = other.variant, other.placement
        self.cpu_operators = other.cpu_operators


def require_finite(name: str, outputs: Sequence[Float32]) -> None:
    """Require of the outputs of a model that all are numbers of this world.

    NaN or infinity from a damaged file, a faulty GPU or an overflow in fp16 would go on into
    tracks and filters, and from there into the results of all further images.

    Raises:
        ModelOutputError: If they are not.
    """
    if not native.are_all_below(outputs, MAX_MAGNITUDE):
        raise ModelOutputError(NOT_FINITE.format(name))


def variant_for(name: str, choice: ProviderChoice, *, takes_images: bool = False) -> Variant:
    """Return the variant of a model that a provider runs best, for crops or whole images."""
    variants = entry_of(name).variants
    takes_images = takes_images and Variant.PLAIN_IMAGES in variants
    if choice.wanted == CPU and not takes_images:
        return Variant.CPU
    if choice.precision == 'fp16' and Variant.HALF in variants:
        return Variant.HALF_IMAGES if takes_images else Variant.HALF
    return Variant.PLAIN_IMAGES if takes_images else Variant.PLAIN
