"""Opens a GPU: its memory, the models on it, and their executor."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from facemesh_ros.catalog.models import entry_of
from facemesh_ros.inference.gpu.cuda_memory import CudaMemory
from facemesh_ros.inference.gpu.executor import GpuExecutor, Outputs
from facemesh_ros.inference.gpu.memory import HostMemory, Memory
from facemesh_ros.inference.onnx_runtime import ort
from facemesh_ros.inference.provider_options import is_on
from facemesh_ros.inference.providers import CPU, PROVIDERS, ExecutionProviderError, ProviderChoice
from facemesh_ros.inference.session import ModelSession

CUDA = PROVIDERS['cuda']
# Before, a graph replayed copies from host memory that other runs had overwritten (pull request
# 32121 of ONNX Runtime), where a Concat has inputs of unequal length.
KEEPS_POINTERS_SINCE = (1, 30)
_LOG = logging.getLogger(__name__)


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
        captured = frozenset[str]() if after_failure else captured_models(self.files, self.choice)
        memory = _memory(self.choice)
        try:
            self.sessions = {
                name: self._opened(name, memory, captured=name in captured) for name in self.files
            }
            return GpuExecutor(
                self.sessions, self.outputs, memory, images=self.images, captured=captured
            )
        except Exception:
            memory.close()
            raise

    def _opened(self, name: str, memory: Memory, *, captured: bool) -> ModelSession:
        bound = {**memory.provider_options, 'enable_cuda_graph': str(int(captured))}
        if captured and not entry_of(name).input_size:
            # For models without convolutions NHWC changes nothing but that ONNX Runtime puts some
            # nodes on the CPU, with which it captures no graph.
            bound |= {'prefer_nhwc': '0', 'fuse_conv_bias': '0'}
        start_s = time.perf_counter()
        session = ModelSession(self.files[name], self.choice, bound=bound)
        self.opened_ms[name] = 1e3 * (time.perf_counter() - start_s)
        return session


def captured_models(
    names: Iterable[str], choice: ProviderChoice, release: str = ort.__version__
) -> frozenset[str]:
    """Return the models whose runs are captured as CUDA graphs.

    Args:
        names: The models.
        choice: The provider; `enable_cuda_graph` of its options may be 0.
        release: Of ONNX Runtime.
    """
    is_allowed = is_on(dict(choice.cuda_options), 'enable_cuda_graph', default='1')
    if choice.wanted != CUDA or not is_allowed:
        return frozenset()
    is_safe = tuple(map(int, release.split('.')[:2])) >= KEEPS_POINTERS_SINCE
    captured = {name for name in names if is_safe or not entry_of(name).has_ragged_concat}
    if left := sorted(set(names) - captured):
        _LOG.info('without a CUDA graph in ONNX Runtime %s: %s', release, ', '.join(left))
    return frozenset(captured)


def _memory(choice: ProviderChoice) -> Memory:
    """Return the memory of a provider."""
    if choice.wanted == CUDA:
        return CudaMemory(choice.device_id)
    if choice.wanted == CPU:
        return HostMemory()
    raise ExecutionProviderError(f'{choice.wanted} does not take whole images')
