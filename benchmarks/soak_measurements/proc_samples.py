"""What a process holds, from /proc and, with a GPU, nvidia-smi."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, fields
from pathlib import Path

MIB = 1024.0
TICKS_PER_S = os.sysconf('SC_CLK_TCK')
NVIDIA_SMI_S = 5.0
_SEGMENT = re.compile(r'^([0-9a-f]+)-([0-9a-f]+) .* (/dev/shm/\S+)')


@dataclass(frozen=True)
class Held:
    """What a process holds at one moment.

    Attributes:
        resident_mib: Resident memory, that of shared segments too.
        private_mib: Memory that it alone holds, swapped out or not: what its end would free.
        proportional_mib: Its share of all that is resident (Pss).
        threads: Number of threads.
        descriptors: Number of open file descriptors.
        segments: Number of files of /dev/shm that are mapped.
        segments_mib: Their mapped size.
        gpu_mib: Memory on GPUs; NaN where nvidia-smi is not, or does not know the process.
        cpu_s: Processor time so far.
        waited_s: How long its threads, those that still run, could have run and got no core.
    """

    resident_mib: float
    private_mib: float
    proportional_mib: float
    threads: int
    descriptors: int
    segments: int
    segments_mib: float
    gpu_mib: float
    cpu_s: float
    waited_s: float


HELD = tuple(field.name for field in fields(Held))


def held_by(pid: int) -> Held:
    """Return what a process holds; raises OSError if it is gone."""
    folder = Path(f'/proc/{pid}')
    memory = _kib(folder / 'smaps_rollup')
    private = memory['Private_Clean'] + memory['Private_Dirty'] + memory['Swap']
    after_name = (folder / 'stat').read_text().rpartition(')')[2].split()
    segments = dict(_segments(folder / 'maps'))
    return Held(
        resident_mib=memory['Rss'] / MIB,
        private_mib=private / MIB,
        proportional_mib=memory['Pss'] / MIB,
        threads=len(os.listdir(folder / 'task')),
        descriptors=len(os.listdir(folder / 'fd')),
        segments=len(segments),
        segments_mib=sum(segments.values()) / MIB**2,
        gpu_mib=_gpu_mib(pid),
        cpu_s=(int(after_name[11]) + int(after_name[12])) / TICKS_PER_S,
        waited_s=sum(_waited_ns(task) for task in (folder / 'task').iterdir()) / 1e9,
    )


def _waited_ns(task: Path) -> int:
    """Return how long a thread has waited for a core; 0 where it has ended or nothing tells."""
    try:
        return int((task / 'schedstat').read_text().split()[1])
    except (OSError, IndexError):
        return 0


def _kib(file: Path) -> dict[str, int]:
    found = re.findall(r'^(\w+): +(\d+) kB$', file.read_text(), re.MULTILINE)
    return {name: int(value) for name, value in found}


def _segments(maps: Path) -> list[tuple[str, int]]:
    """Return the mapped files of /dev/shm and their mapped sizes, bytes."""
    found = (_SEGMENT.match(line) for line in maps.read_text().splitlines())
    return [(one[3], int(one[2], 16) - int(one[1], 16)) for one in found if one]


def _gpu_mib(pid: int) -> float:
    """Return the memory of a process on GPUs; in a container they may know it by another id."""
    tool = shutil.which('nvidia-smi')
    if tool is None:
        return float('nan')
    command = [tool, '--query-compute-apps=pid,used_memory', '--format=csv,noheader,nounits']
    try:
        shown = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=NVIDIA_SMI_S
        ).stdout
        lines = [line.split(',') for line in shown.splitlines()]
        own = [float(mib) for number, mib in lines if int(number) == pid]
    except (OSError, ValueError, subprocess.SubprocessError):
        return float('nan')
    return sum(own) if own else float('nan')
