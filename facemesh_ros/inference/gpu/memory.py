"""Memory that a model's session reads and writes in place."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.inference.providers import ExecutionProviderError
from facemesh_ros.types import UInt8

# CUDA wants arrays at multiples of so many bytes to read them at full speed.
ALIGNMENT = 256

Shapes = Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]]


class ExecutorError(ExecutionProviderError):
    """A device does not do what it is asked for."""


class CudaError(ExecutorError):
    """CUDA itself refuses a call: what it was asked for, or the GPU, is lost."""


class ExecutorLostError(ExecutorError):
    """A device that ran models does not run them now; the next call may find it again."""


class Memory(Protocol):
    """Memory of one device, for one thread. What is asked for is done in the order asked.

    Attributes:
        device: ONNX Runtime's name of the kind of device.
        device_id: Which one.
        provider_options: What ONNX Runtime must know to work in that order.
    """

    device: str
    device_id: int
    provider_options: Mapping[str, str]

    def allocate(self, size: int) -> int:
        """Return the address of so many bytes, all zero, at a multiple of 64."""

    def free(self, address: int) -> None:
        """Give back what `allocate` returned."""

    def upload(self, address: int, source: UInt8) -> None:
        """Copy contiguous bytes there; the source may change afterwards."""

    def download(self, target: UInt8, address: int) -> None:
        """Wait for everything asked for before, then copy contiguous bytes from there."""

    def close(self) -> None:
        """Give everything back."""


class HostMemory:
    """Plain memory, for models on the CPU."""

    device, device_id = 'cpu', 0
    provider_options: Mapping[str, str] = MappingProxyType({})
    _ALIGNMENT = 64

    def __init__(self) -> None:
        self._blocks: dict[int, UInt8] = {}

    def allocate(self, size: int) -> int:
        """See `Memory`."""
        block = np.zeros(size + self._ALIGNMENT, np.uint8)
        address = -(-block.ctypes.data // self._ALIGNMENT) * self._ALIGNMENT
        self._blocks[address] = block
        return address

    def free(self, address: int) -> None:
        """See `Memory`."""
        del self._blocks[address]

    def upload(self, address: int, source: UInt8) -> None:
        """See `Memory`."""
        ctypes.memmove(address, source.ctypes.data, source.nbytes)

    def download(self, target: UInt8, address: int) -> None:
        """See `Memory`."""
        ctypes.memmove(target.ctypes.data, address, target.nbytes)

    def close(self) -> None:
        """See `Memory`."""
        self._blocks.clear()


class PackedBuffers:
    """Arrays by name.

    Attributes:
        arrays: On the host.
        addresses: Where they are on the device.
    """

    def __init__(self, memory: Memory, shapes: Shapes) -> None:
        self._memory = memory
        starts, size = {}, 0
        for name, (kind, shape) in shapes.items():
            starts[name] = size
            length = kind.itemsize * int(np.prod(shape))
            size += -(-length // ALIGNMENT) * ALIGNMENT
        self._host = np.zeros(size, np.uint8)
        self._address = memory.allocate(size)
        self.addresses = {name: self._address + start for name, start in starts.items()}
        self.arrays: dict[str, NDArray[Any]] = {
            name: np.ndarray(shape, kind, self._host.data, starts[name])
            for name, (kind, shape) in shapes.items()
        }

    def upload(self) -> None:
        """Copy all arrays to the device."""
        self._memory.upload(self._address, self._host)

    def download(self) -> None:
        """Copy all arrays from the device when everything asked for is done."""
        self._memory.download(self._host, self._address)

    def free(self) -> None:
        """Give the device's memory back."""
        self._memory.free(self._address)
