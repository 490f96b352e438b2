"""What the machine has, whether or not anything uses it."""

from __future__ import annotations

import os
from pathlib import Path

# The kernel's driver puts it there; it says its version.
NVIDIA_DRIVER = Path('/proc/driver/nvidia/version')


def nvidia_driver() -> str:
    """Return what this machine's NVIDIA driver says of itself; empty if there is none."""
    try:
        first_line, _, _ = NVIDIA_DRIVER.read_text().partition('\n')
    except OSError:
        return ''
    return first_line.removeprefix('NVRM version:').strip()


def usable_cores() -> int:
    """Return how many cores this process may use."""
    return (
        len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1
    )
