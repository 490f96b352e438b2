"""Several arrays in one block, on the host and on the device: one copy moves them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.inference.gpu.memory import Memory

# CUDA wants arrays at multiples of so many bytes to read them at full speed.
ALIGNMENT = 256

Shapes = Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]]


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
