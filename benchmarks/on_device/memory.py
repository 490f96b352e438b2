"""Memory of the device: how much is taken, and how fast it is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from on_device.contestant import Contestant

from facemesh_ros.inference.gpu.cuda_memory import CudaMemory, cuda_runtime
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.types import Rois

COPIED, COPIES = 2**28, 20
_DEVICE_TO_DEVICE = 3
RUNS_PER_SAMPLE = 50


class MemoryWatch:
    """Reads how much memory is taken: of the GPU, or of this process on a CPU."""

    def __init__(self, choice: ProviderChoice) -> None:
        """Begin with the device of the choice."""
        on_gpu = choice.execution_provider != 'cpu'
        self._memory = CudaMemory(choice.device_id) if on_gpu else None

    def megabytes(self) -> float:
        """Return what is taken now."""
        if self._memory:
            return self._memory.bytes_in_use() / 1e6
        pages = int(Path('/proc/self/statm').read_text().split()[1])
        return pages * 4096 / 1e6

    def bytes_per_s(self) -> float:
        """Measure how many bytes the device reads and writes in a second."""
        if self._memory is None:
            source = np.ones(COPIED, np.uint8)
            start_s = time.perf_counter()
            source.copy()
            return 2 * COPIED / (time.perf_counter() - start_s)
        library, memory = cuda_runtime(), self._memory
        source, target = memory.allocate(COPIED), memory.allocate(COPIED)
        for _ in range(2):  # the first time warms up
            library.cudaStreamSynchronize(None)
            start_s = time.perf_counter()
            for _ in range(COPIES):
                library.cudaMemcpyAsync(target, source, COPIED, _DEVICE_TO_DEVICE, None)
            library.cudaStreamSynchronize(None)
            took_s = time.perf_counter() - start_s
        memory.free(source)
        memory.free(target)
        return 2 * COPIED * COPIES / took_s


@dataclass(frozen=True)
class MemoryRow:
    """What was taken while the number of faces went up and down, MB."""

    minutes: float
    runs: int
    start: float
    lowest: float
    highest: float
    end: float

    def cells(self) -> list[str]:
        """Return what a table shows."""
        taken = (self.start, self.lowest, self.highest, self.end)
        return [f'{self.minutes:.1f}', str(self.runs), *(f'{value:.0f}' for value in taken)]


def memory_row(contestant: Contestant, watch: MemoryWatch, minutes: float) -> MemoryRow:
    """Ask for any number of faces, again and again."""
    random, frames = np.random.default_rng(0), contestant.frames()
    taken, runs, end_s = [watch.megabytes()], 0, time.perf_counter() + 60 * minutes
    while time.perf_counter() < end_s:
        for _ in range(RUNS_PER_SAMPLE):
            frame, rois = next(frames)
            several = random.integers(0, contestant.most_faces + 1)
            contestant.device.landmark_model.predict(frame, _repeated(rois, int(several)))
            runs += 1
            if time.perf_counter() >= end_s:
                break
        taken.append(watch.megabytes())
    return MemoryRow(minutes, runs, taken[0], min(taken), max(taken), taken[-1])


def _repeated(rois: Rois, count: int) -> Rois:
    return rois[np.zeros(count, np.intp)]
