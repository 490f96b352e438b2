"""The machine: its NVIDIA driver, GPUs and CPU cores."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# Written by the kernel module; holds its version.
NVIDIA_DRIVER = Path('/proc/driver/nvidia/version')
CPU_FACTS = Path('/proc/cpuinfo')
PCI_DEVICES = Path('/sys/bus/pci/devices')
# The driver's library in user space.
CUDA_DRIVER_LIBRARY = 'libcuda.so.1'

_NVIDIA_VENDOR = '0x10de'
_DISPLAY_CLASS = '0x03'
# From cuda.h.
_MAJOR, _MINOR = 75, 76


@dataclass(frozen=True, slots=True)
class Gpu:
    """GPU as the driver's library lists it.

    Attributes:
        name: E.g. NVIDIA H200.
        compute_capability: E.g. 9.0.
    """

    name: str
    compute_capability: str


@dataclass(frozen=True, slots=True)
class NvidiaDriver:
    """NVIDIA's driver and its GPUs.

    Attributes:
        version: Version of the kernel module, e.g. 580.65.06; empty if none is loaded.
        cuda: Newest CUDA that its library supports, e.g. (13, 0); None without the library.
        gpus: Those that CUDA_VISIBLE_DEVICES leaves visible, in the order of `device_id`.
        error: Result of the library's initialisation; 0 is success.
        card: Whether an NVIDIA GPU is on the PCI bus, with or without a driver.
    """

    version: str = ''
    cuda: tuple[int, int] | None = None
    gpus: tuple[Gpu, ...] = ()
    error: int = 0
    card: bool = False

    def __str__(self) -> str:
        return f'NVIDIA driver {self.version}'.rstrip()


def nvidia_driver() -> str:
    """Return the version line of the NVIDIA kernel module; empty if none is loaded."""
    try:
        first_line, _, _ = NVIDIA_DRIVER.read_text().partition('\n')
    except OSError:
        return ''
    return first_line.removeprefix('NVRM version:').strip()


def detect_nvidia_driver(library: str = CUDA_DRIVER_LIBRARY) -> NvidiaDriver:
    """Read kernel, PCI bus and the driver's library; nothing is allocated on a GPU."""
    found = re.search(r'\b\d{3,}(\.\d+)+', nvidia_driver())
    version, card = found[0] if found else '', _has_card()
    try:
        cuda = ctypes.CDLL(library)
    except OSError:
        return NvidiaDriver(version, card=card)
    number = ctypes.c_int()
    cuda.cuDriverGetVersion(ctypes.byref(number))
    supported = (number.value // 1000, number.value % 1000 // 10)
    error = int(cuda.cuInit(0))
    return NvidiaDriver(version, supported, () if error else tuple(_gpus(cuda)), error, card)


def _gpus(cuda: ctypes.CDLL) -> list[Gpu]:
    count, device, name = ctypes.c_int(), ctypes.c_int(), ctypes.create_string_buffer(256)
    cuda.cuDeviceGetCount(ctypes.byref(count))
    gpus = []
    for index in range(count.value):
        cuda.cuDeviceGet(ctypes.byref(device), index)
        cuda.cuDeviceGetName(name, len(name), device)
        parts = [_attribute(cuda, device, which) for which in (_MAJOR, _MINOR)]
        gpus.append(Gpu(name.value.decode(errors='replace'), '.'.join(map(str, parts))))
    return gpus


def _attribute(cuda: ctypes.CDLL, device: ctypes.c_int, which: int) -> int:
    value = ctypes.c_int()
    cuda.cuDeviceGetAttribute(ctypes.byref(value), which, device)
    return value.value


def _has_card() -> bool:
    for device in PCI_DEVICES.glob('*'):
        try:
            vendor = (device / 'vendor').read_text()
            kind = (device / 'class').read_text()
        except OSError:
            continue
        if vendor.startswith(_NVIDIA_VENDOR) and kind.startswith(_DISPLAY_CLASS):
            return True
    return False


def usable_cores() -> int:
    """Return how many cores this process may use."""
    return (
        len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1
    )


@cache
def processor_name() -> str:
    """Return the processor's model and a hash of what it can do, fit for the name of a file.

    The model alone does not tell: virtual machines call processors with and without AVX-512 the
    same.
    """
    facts: dict[str, str] = {}
    try:
        for line in CPU_FACTS.read_text().splitlines():
            name, _, value = line.partition(':')
            facts.setdefault(name.strip(), value.strip())
    except OSError:
        pass
    model = facts.get('model name') or platform.processor() or platform.machine()
    # The second names are those of ARM.
    able = [facts.get(name, '') for name in ('flags', 'Features', 'CPU part', 'CPU implementer')]
    digest = hashlib.sha256(repr([platform.machine(), *able]).encode()).hexdigest()[:8]
    return re.sub(r'[^\w.]+', '_', model) + f'-{digest}'
