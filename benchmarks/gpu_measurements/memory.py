"""Memory of the device: how much is used, and its bandwidth."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from gpu_measurements.models import WarmModels

from facemesh_ros.inference.gpu.cuda_memory import CudaMemory, cuda_runtime
from facemesh_ros.inference.providers import ProviderChoice

COPIED_BYTES, COPIES = 2**28, 20
RUNS_PER_SAMPLE = 50
_DEVICE_TO_DEVICE = 3


class DeviceMemory:
    """Memory of the GPU, or of this process with the CPU provider."""

    def __init__(self, choice: ProviderChoice) -> None:
        """Open the device of a choice."""
        on_gpu = choice.execution_provider != 'cpu'
        self._memory = CudaMemory(choice.device_id) if on_gpu else None

    def megabytes(self) -> float:
        """Return what is used now."""
        if self._memory:
            return self._memory.bytes_in_use() / 1e6
        pages = int(Path('/proc/self/statm').read_text().split()[1])
        return pages * 4096 / 1e6

    def bytes_per_s(self) -> float:
        """Measure the bandwidth of a copy, reading and writing."""
        if self._memory is None:
            source = np.ones(COPIED_BYTES, np.uint8)
            started = time.perf_counter()
            source.copy()
            return 2 * COPIED_BYTES / (time.perf_counter() - started)
        library, memory = cuda_runtime(), self._memory
        source, target = memory.allocate(COPIED_BYTES), memory.allocate(COPIED_BYTES)
        for _ in range(2):  # the first time warms up
            library.cudaStreamSynchronize(None)
            started = time.perf_counter()
            for _ in range(COPIES):
                library.cudaMemcpyAsync(target, source, COPIED_BYTES, _DEVICE_TO_DEVICE, None)
            library.cudaStreamSynchronize(None)
            took_s = time.perf_counter() - started
        memory.free(source)
        memory.free(target)
        return 2 * COPIED_BYTES * COPIES / took_s


def memory_row(models: WarmModels, memory: DeviceMemory, minutes: float) -> dict[str, Any]:
    """Run random numbers of faces again and again; returns the memory used meanwhile, MB."""
    random, frames = np.random.default_rng(0), models.frames()
    used, runs, end_s = [memory.megabytes()], 0, time.perf_counter() + 60 * minutes
    while time.perf_counter() < end_s:
        for _ in range(RUNS_PER_SAMPLE):
            frame, rois = next(frames)
            faces = int(random.integers(0, models.max_faces + 1))
            models.predict(frame, rois[np.zeros(faces, np.intp)])
            runs += 1
            if time.perf_counter() >= end_s:
                break
        used.append(memory.megabytes())
    ends = {'start': used[0], 'end': used[-1]}
    return {'minutes': minutes, 'runs': runs, **ends, 'lowest': min(used), 'highest': max(used)}
