"""Memory of an NVIDIA GPU through libcudart, which comes with ONNX Runtime for CUDA.

All copies and all runs of models share one stream, so that they run in order on the GPU and the
CPU waits once per batch, for the results.

Source: CUDA Runtime API 13.0, sections Memory Management, Stream Management and API
synchronization behavior.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping

import numpy as np

from facemesh_ros.inference.capture_lock import CAPTURE_LOCK, ignore_other_captures
from facemesh_ros.inference.gpu.memory import CudaError, ExecutorError
from facemesh_ros.inference.nvidia_libraries import load_cuda_libraries
from facemesh_ros.types import UInt8

# Of the CUDA that ONNX Runtime is built for, newest first.
LIBRARIES = ('libcudart.so.13', 'libcudart.so.12')
_HOST_TO_DEVICE, _DEVICE_TO_HOST = 1, 2
_NON_BLOCKING = 1
_PINNED_FOR_ALL_DEVICES = 1
_pointer, _size, _int = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
_SIGNATURES = {
    'cudaSetDevice': [_int],
    'cudaMalloc': [ctypes.POINTER(_pointer), _size],
    'cudaFree': [_pointer],
    'cudaHostAlloc': [ctypes.POINTER(_pointer), _size, ctypes.c_uint],
    'cudaFreeHost': [_pointer],
    'cudaGetLastError': [],
    'cudaMemsetAsync': [_pointer, _int, _size, _pointer],
    'cudaMemcpyAsync': [_pointer, _pointer, _size, _int, _pointer],
    'cudaStreamCreateWithFlags': [ctypes.POINTER(_pointer), ctypes.c_uint],
    'cudaStreamSynchronize': [_pointer],
    'cudaMemGetInfo': [ctypes.POINTER(_size), ctypes.POINTER(_size)],
}


def cuda_runtime() -> ctypes.CDLL:
    """Return libcudart, preferably the copy that is loaded already.

    Raises:
        ExecutorError: If it cannot be loaded.
    """
    load_cuda_libraries()
    for name in LIBRARIES:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        for function, arguments in _SIGNATURES.items():
            getattr(library, function).argtypes = arguments
        library.cudaGetErrorString.argtypes = [_int]
        library.cudaGetErrorString.restype = ctypes.c_char_p
        return library
    raise ExecutorError(
        f'none of {", ".join(LIBRARIES)} can be loaded; '
        '`pip install "onnxruntime-gpu[cuda,cudnn]"` brings CUDA'
    )


class CudaMemory:
    """Memory of one GPU and the stream on which it is used; see `Memory`."""

    device = 'cuda'

    def __init__(self, device_id: int = 0, library: ctypes.CDLL | None = None) -> None:
        """Select a GPU and create the stream.

        Args:
            device_id: Which one.
            library: libcudart; None to load it.

        Raises:
            ExecutorError: If there is no such GPU, or no libcudart.
        """
        self.device_id = device_id
        self._library = library or cuda_runtime()
        self._blocks: set[int] = set()
        self._host_blocks: set[int] = set()
        self.enter()
        stream = _pointer()
        self._call('cudaStreamCreateWithFlags', ctypes.byref(stream), _NON_BLOCKING)
        self._stream = stream.value or 0
        self.provider_options: Mapping[str, str] = {'user_compute_stream': str(self._stream)}

    def enter(self) -> None:
        """See `Memory`."""
        # Each thread has a current device, and others in this process may use another one.
        self._call('cudaSetDevice', self.device_id)

    def allocate(self, size: int) -> int:
        """See `Memory`."""
        address = _pointer()
        with CAPTURE_LOCK:
            self._call('cudaMalloc', ctypes.byref(address), size)
        block = address.value or 0
        self._blocks.add(block)
        self._call('cudaMemsetAsync', block, 0, size, self._stream)
        return block

    def free(self, address: int) -> None:
        """See `Memory`."""
        with CAPTURE_LOCK:
            self._call('cudaFree', address)  # which waits until it is no longer in use
        self._blocks.remove(address)

    def allocate_host(self, size: int) -> UInt8:
        """See `Memory`; pinned, unless the system has too little of it."""
        address = _pointer()
        try:
            with CAPTURE_LOCK:
                self._call('cudaHostAlloc', ctypes.byref(address), size, _PINNED_FOR_ALL_DEVICES)
        except CudaError:
            # Or ONNX Runtime takes it for an error of its next kernel.
            self._library.cudaGetLastError()
            return np.zeros(size, np.uint8)
        block = np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(address.value or 0))
        block[:] = 0
        self._host_blocks.add(address.value or 0)
        return block

    def free_host(self, block: UInt8) -> None:
        """See `Memory`."""
        if block.ctypes.data in self._host_blocks:
            with CAPTURE_LOCK:
                self._call('cudaFreeHost', block.ctypes.data)
            self._host_blocks.remove(block.ctypes.data)

    def upload(self, address: int, source: UInt8) -> None:
        """See `Memory`."""
        # From memory that is not pinned this returns when the source has been read.
        self._copy(address, source.ctypes.data, source.nbytes, _HOST_TO_DEVICE)

    def download(self, target: UInt8, address: int) -> None:
        """See `Memory`."""
        self._copy(target.ctypes.data, address, target.nbytes, _DEVICE_TO_HOST)
        self._call('cudaStreamSynchronize', self._stream)

    def bytes_in_use(self) -> int:
        """Return how much of the GPU's memory all processes use."""
        free, total = _size(), _size()
        self._call('cudaMemGetInfo', ctypes.byref(free), ctypes.byref(total))
        return total.value - free.value

    def close(self) -> None:
        """See `Memory`; errors are ignored, as the GPU may have failed."""
        with CAPTURE_LOCK:
            for block in self._blocks:
                self._library.cudaFree(block)
            for block in self._host_blocks:
                self._library.cudaFreeHost(block)
        self._blocks.clear()
        self._host_blocks.clear()
        # The stream stays: a session may outlive this in the traceback of an error, and needs a
        # valid stream when it is destroyed.

    def _copy(self, target: int, source: int, size: int, kind: int) -> None:
        self._call('cudaMemcpyAsync', target, source, size, kind, self._stream)

    def _call(self, function: str, *arguments: object) -> None:
        ignore_other_captures(lambda: self._library)
        status = getattr(self._library, function)(*arguments)
        if status:
            said = self._library.cudaGetErrorString(status).decode()
            raise CudaError(f'GPU {self.device_id}: {function}: {said} (CUDA error {status})')
