"""One ONNX model in an ONNX Runtime session, its contract checked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime as ort

from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.catalog.models import entry_of
from facemesh_ros.errors import FacemeshError
from facemesh_ros.inference.gpu_faults import is_gpu_fault
from facemesh_ros.inference.provider_options import EngineFolder
from facemesh_ros.inference.providers import (
    CPU,
    GPU_PROVIDERS,
    ExecutionProviderError,
    ProviderChoice,
    cpu_operators,
    node_placement,
    open_session,
)
from facemesh_ros.types import Float32


class ModelMismatchError(FacemeshError):
    """A model file does not have the inputs and outputs that it should have."""


class GpuLostError(ExecutionProviderError):
    """A GPU that ran a model does not run it any more: out of memory, or a fault of the device."""


class ModelSession:
    """A model with one input and named outputs, any batch size.

    Attributes:
        name: As the model file says.
        input_size: Side of its square input image in px, 0 if its input is no image.
        source_sha256: Of the file that the model was converted from.
        precision: What its layers calculate in, fp32 or fp16.
        variant: Which form of the model it is, see `Flavour`.
        provider: The execution provider that runs it.
        placement: Number of nodes per provider; empty if ONNX Runtime cannot tell.
        cpu_operators: Operators of the nodes that run on the CPU; empty if it cannot tell.
    """

    def __init__(
        self,
        onnx: bytes,
        choice: ProviderChoice,
        profile: str = '',
        folder: EngineFolder | None = None,
    ) -> None:
        """Load the model; for `profile` and `folder` see `open_session`."""
        self._session = open_session(onnx, choice, profile, folder)
        known = self._session.get_modelmeta().custom_metadata_map
        try:
            self.name = known['name']
            self.input_size = int(known['input_size'])
            self.source_sha256 = known['source_sha256']
            self.precision = known['precision']
            self.variant = known['variant']
        except KeyError as error:
            raise ModelMismatchError(
                f'model file lacks the entry {error}; run `facemesh models fetch` to convert anew'
            ) from error
        self.provider: str = self._session.get_providers()[0]
        self.placement = node_placement(self._session)
        self.cpu_operators = cpu_operators(self._session)
        self._input = self._session.get_inputs()[0]
        self._shapes = {item.name: tuple(item.shape[1:]) for item in self._session.get_outputs()}

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
        """ONNX Runtime's session, for whoever binds memory of its own to it."""
        return self._session

    def release(self) -> None:
        """Give the session back; what the network is stays known, but it runs no more."""
        del self._session, self._input  # which is a part of it

    def try_once(self) -> None:
        """Run zeros; a library that the provider lacks shows only now."""
        self.run(np.zeros((1, *self._input.shape[1:]), np.float32))

    def end_profile(self) -> None:
        """Close the file of a profile."""
        self._session.end_profiling()

    def run(self, batch: Float32, outputs: Sequence[str] = ()) -> list[Float32]:
        """Run a batch of N inputs and return the named outputs (none: all), batch axis first.

        Raises:
            GpuLostError: If a GPU does not run it any more; what is wrong with the batch, or the
                names, is ONNX Runtime's own error on a GPU too.
        """
        try:
            return self._session.run(list(outputs), {self._input.name: batch})  # type: ignore[no-any-return]
        except Exception as error:  # ONNX Runtime's have no common base
            if self.provider not in GPU_PROVIDERS or not is_gpu_fault(error):
                raise
            raise GpuLostError(f'{self.provider} does not run {self.name}: {error}') from error

    def replace_session(self, successor: ModelSession) -> None:
        """Run from the next batch on as another network of the same model does.

        Any thread may call it, also while others run: a run in hand ends on the old session.
        """
        # An input is a part of its session, and would keep the old one alive.
        self._session, self._input = successor._session, successor._input
        self.provider, self.precision = successor.provider, successor.precision
        self.variant, self.placement = successor.variant, successor.placement
        self.cpu_operators = successor.cpu_operators


def variant_for(name: str, choice: ProviderChoice, *, takes_images: bool = False) -> Variant:
    """Return the variant of a model for a provider, for crops or for whole images."""
    variants = entry_of(name).variants
    takes_images = takes_images and Variant.PLAIN_IMAGES in variants
    if choice.wanted == CPU and not takes_images:
        return Variant.CPU
    if choice.precision == 'fp16' and Variant.HALF in variants:
        return Variant.HALF_IMAGES if takes_images else Variant.HALF
    return Variant.PLAIN_IMAGES if takes_images else Variant.PLAIN
