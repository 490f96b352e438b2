"""What must not grow over a soak, by how much it may seem to, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

# The first cycles meet everything for the first time: all sizes, all transitions, all topics.
WARM_UP_CYCLES = 2
STEADY_PHASE = 'steady'


@dataclass(frozen=True)
class Bound:
    """A quantity of the steady phase of each cycle, in which everything is as in all others.

    Attributes:
        title: For people, with its unit.
        table: Of the records.
        column: Of the table.
        of_cycle: Makes one value of those of a cycle.
        growth: How much it may grow over the run; of `relative` ones as a share.
        why: The reason.
        relative: Whether growth is relative to the first third.
        needs_cores: Whether only those cycles count in which the node hardly waited for a core.
    """

    title: str
    table: str
    column: str
    of_cycle: Callable[[np.ndarray], np.floating]
    growth: float
    why: str
    relative: bool = False
    needs_cores: bool = False


def _p99(values: np.ndarray) -> np.floating:
    return np.percentile(values, 99)


def _thousands(values: np.ndarray) -> np.floating:
    return np.min(values) / 1e3


NO_MORE = 'each one that stays would add up over weeks'
IN_USE = (
    'what is in use while no image is under way is the same in each cycle; '
    'a leak of a kilobyte an image would be 50 MiB an hour at 15 Hz'
)
RESIDENT = (
    'the allocator keeps up to 64 MiB of what was freed for the next image, more or less of it '
    'from cycle to cycle; so this bounds what fragments, and what is in use finds leaks'
)
SLOWER = 'what gets slower with the hours would be twice as slow after days'
BOUNDS = (
    Bound('malloc in use, MiB', 'counts', 'heap_mib', np.min, 2.0, IN_USE),
    Bound('Python blocks, thousands', 'counts', 'python_blocks', _thousands, 5.0, IN_USE),
    Bound('private memory, MiB', 'samples', 'private_mib', np.min, 64.0, RESIDENT),
    Bound('resident memory, MiB', 'samples', 'resident_mib', np.min, 64.0, RESIDENT),
    Bound('GPU memory, MiB', 'samples', 'gpu_mib', np.min, 8.0, NO_MORE),
    Bound('threads', 'samples', 'threads', np.min, 0.5, NO_MORE),
    Bound('file descriptors', 'samples', 'descriptors', np.min, 0.5, NO_MORE),
    Bound('shared memory segments', 'samples', 'segments', np.min, 0.5, NO_MORE),
    Bound('shared memory, MiB', 'samples', 'segments_mib', np.min, 1.0, NO_MORE),
    Bound('latency p50, ms', 'answers', 'latency_ms', np.median, 0.5, SLOWER, True, True),
    Bound('latency p99, ms', 'answers', 'latency_ms', _p99, 0.5, SLOWER, True, True),
)
