"""Opens a device: its memory, the models on it, and what runs them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from facemesh_ros.core.network import Network
from facemesh_ros.core.providers import CPU, PROVIDERS, ExecutionProviderError, ProviderChoice
from facemesh_ros.device.cuda import CudaMemory
from facemesh_ros.device.device import Device, Outputs
from facemesh_ros.device.memory import HostMemory, Memory

CUDA = PROVIDERS['cuda']


@dataclass(slots=True)
class DeviceOpener:
    """Opens models on the device that is wanted, all of them or none.

    Attributes:
        files: ONNX files by model, with the parts around them.
        outputs: What is wanted of each.
        choice: On what.
        images: How many images to keep there.
        networks: What was opened last.
        opened_ms: How long that took, ms.
    """

    files: Mapping[str, bytes]
    outputs: Outputs
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
            return Device(
                self.networks, self.outputs, memory, images=self.images, captured=captured
            )
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


def _memory(choice: ProviderChoice) -> Memory:
    """Return memory of the device that is wanted."""
    if choice.wanted == CUDA:
        return CudaMemory(choice.device_id)
    if choice.wanted == CPU:
        return HostMemory()
    raise ExecutionProviderError(f'{choice.wanted} does not take whole images')
