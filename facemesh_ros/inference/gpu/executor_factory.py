"""Opens a GPU: its memory, the models on it, and their executor."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from facemesh_ros.inference.gpu.cuda_memory import CudaMemory
from facemesh_ros.inference.gpu.executor import GpuExecutor, Outputs
from facemesh_ros.inference.gpu.memory import HostMemory, Memory
from facemesh_ros.inference.providers import CPU, PROVIDERS, ExecutionProviderError, ProviderChoice
from facemesh_ros.inference.session import ModelSession

CUDA = PROVIDERS['cuda']


@dataclass(slots=True)
class GpuExecutorFactory:
    """Opens models on the provider that is wanted, all of them or none.

    Attributes:
        files: ONNX files by model, of variants that take whole images.
        outputs: The outputs to return of each.
        choice: The provider.
        images: How many images to keep on the GPU.
        sessions: The sessions that were opened last, by model.
        opened_ms: How long each took to open, ms.
    """

    files: Mapping[str, bytes]
    outputs: Outputs
    choice: ProviderChoice
    images: int
    sessions: dict[str, ModelSession] = field(default_factory=dict)
    opened_ms: dict[str, float] = field(default_factory=dict)

    def __call__(self, after_failure: bool) -> GpuExecutor:
        """Open everything; after a failure without CUDA graphs, as they may be its cause.

        Raises:
            ExecutionProviderError: If the GPU is not there or does not take the models.
        """
        captured = self.choice.wanted == CUDA and not after_failure
        memory = _memory(self.choice)
        try:
            self.sessions = self._opened(memory, captured=captured)
            return GpuExecutor(
                self.sessions, self.outputs, memory, images=self.images, captured=captured
            )
        except Exception:
            memory.close()
            raise

    def _opened(self, memory: Memory, *, captured: bool) -> dict[str, ModelSession]:
        options = dict(memory.provider_options)
        if captured:
            options['enable_cuda_graph'] = '1'
        choice = replace(self.choice, cuda_options=tuple(options.items()))
        sessions = {}
        for name, onnx in self.files.items():
            start_s = time.perf_counter()
            sessions[name] = ModelSession(onnx, choice)
            self.opened_ms[name] = 1e3 * (time.perf_counter() - start_s)
        return sessions


def _memory(choice: ProviderChoice) -> Memory:
    """Return the memory of a provider."""
    if choice.wanted == CUDA:
        return CudaMemory(choice.device_id)
    if choice.wanted == CPU:
        return HostMemory()
    raise ExecutionProviderError(f'{choice.wanted} does not take whole images')
