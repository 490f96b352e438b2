"""Memory that sessions read and write in place, and what may go wrong with it."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.inference.providers import ExecutionProviderError
from facemesh_ros.types import UInt8

# Bytes; CUDA reads arrays at full speed only from multiples of it.
ALIGNMENT = 256

Shapes = Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]]


class ExecutorError(ExecutionProviderError):
    """The executor of models on a GPU refuses a request."""


class CudaError(ExecutorError):
    """A call to CUDA fails."""


class ExecutorLostError(ExecutorError):
    """A GPU that ran models does not run them now; a later request may succeed."""


class Memory(Protocol):
    """Memory of one device, for one thread at a time; operations run in the order of the calls.

    Attributes:
        device: ONNX Runtime's name of the kind of device.
        device_id: Index of the device.
        provider_options: Options with which ONNX Runtime runs in that order too.
    """

    device: str
    device_id: int
    provider_options: Mapping[str, str]

    def enter(self) -> None:
        """Use the device in this thread; to be called where another thread may have used it."""

    def allocate(self, size: int) -> int:
        """Allocate bytes, all zero, at a multiple of 64, and return their address."""

    def free(self, address: int) -> None:
        """Free what `allocate` returned."""

    def allocate_host(self, size: int) -> UInt8:
        """Allocate bytes of the host, all zero, which are copied without a detour if possible."""

    def free_host(self, block: UInt8) -> None:
        """Free what `allocate_host` returned."""

    def upload(self, address: int, source: UInt8) -> None:
        """Copy contiguous bytes there.

        The source may change afterwards; if it is of `allocate_host`, after the next download.
        """

    def download(self, target: UInt8, address: int) -> None:
        """Wait for all earlier operations, then copy contiguous bytes from there."""

    def close(self) -> None:
        """Free everything."""


class HostMemory:
    """Memory of the CPU, for tests without a GPU."""

    device, device_id = 'cpu', 0
    provider_options: Mapping[str, str] = MappingProxyType({})
    _ALIGNMENT = 64

    def __init__(self) -> None:
        self._blocks: dict[int, UInt8] = {}

    def enter(self) -> None:
        """See `Memory`."""

    def allocate(self, size: int) -> int:
        """See `Memory`."""
        block = np.zeros(size + self._ALIGNMENT, np.uint8)
        address = -(-block.ctypes.data // self._ALIGNMENT) * self._ALIGNMENT
        self._blocks[address] = block
        return address

    def free(self, address: int) -> None:
        """See `Memory`."""
        del self._blocks[address]

    def allocate_host(self, size: int) -> UInt8:
        """See `Memory`."""
        return np.zeros(size, np.uint8)

    def free_host(self, block: UInt8) -> None:
        """See `Memory`."""

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
    """Several arrays in one buffer, on the host and on the device: one copy moves them all.

    Attributes:
        arrays: On the host, by name.
        addresses: On the device, by name.
    """

    def __init__(self, memory: Memory, shapes: Shapes) -> None:
        self._memory = memory
        starts, size = {}, 0
        for name, (kind, shape) in shapes.items():
            starts[name] = size
            length = kind.itemsize * int(np.prod(shape))
            size += -(-length // ALIGNMENT) * ALIGNMENT
        self._address = memory.allocate(size)
        self._host = memory.allocate_host(size)
        self.addresses = {name: self._address + start for name, start in starts.items()}
        self.arrays: dict[str, NDArray[Any]] = {
            name: np.ndarray(shape, kind, self._host.data, starts[name])
            for name, (kind, shape) in shapes.items()
        }

    def upload(self) -> None:
        """Copy all arrays to the device."""
        self._memory.upload(self._address, self._host)

    def download(self) -> None:
        """Copy all arrays from the device after all earlier operations."""
        self._memory.download(self._host, self._address)

    def free(self) -> None:
        """Free the memory; the arrays must not be used any more."""
        self._memory.free(self._address)
        self.arrays.clear()
        self._memory.free_host(self._host)
