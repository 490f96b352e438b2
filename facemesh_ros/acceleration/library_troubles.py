"""Libraries of CUDA, cuDNN and TensorRT that nobody finds."""

from __future__ import annotations

import re

from facemesh_ros.acceleration.circumstances import Circumstances, Trouble
from facemesh_ros.acceleration.installation import Installation
from facemesh_ros.core.nvidia_libraries import CUDNN
from facemesh_ros.core.providers import PROVIDERS


def missing_cuda(known: Circumstances) -> Trouble | None:
    """Say which libraries of CUDA and cuDNN are nowhere."""
    missing = known.installation.missing
    return _missing(known, missing) if missing else None


def missing_cudnn(known: Circumstances) -> Trouble | None:
    """Say that cuDNN is nowhere, or not of the right version, which only a run has shown."""
    return _missing(known, (CUDNN,)) if 'cuDNN is unavailable' in known.told else None


def _missing(known: Circumstances, names: tuple[str, ...]) -> Trouble:
    built_for = known.installation.cuda
    purpose = f' for CUDA {built_for}' if built_for else ''
    reason = f"NVIDIA's libraries{purpose} are missing: {', '.join(names)}"
    if others := _of_other_cuda(known.installation):
        reason += f' ({", ".join(others)} are for another CUDA)'
    return Trouble(reason, known.installing)


def _of_other_cuda(installed: Installation) -> list[str]:
    """Return NVIDIA's distributions for another CUDA than this ONNX Runtime is built for."""
    own = installed.cuda.partition('.')[0]
    found = []
    for name, version in installed.nvidia.items():
        suffix = re.search(r'-cu(\d+)$', name)
        if suffix and name.startswith('nvidia-') and suffix[1] != own:
            found.append(f'{name} {version}')
    return found[:3]


def missing_tensorrt(known: Circumstances) -> Trouble | None:
    """Say that TensorRT is nowhere, if it is wanted."""
    missing = known.installation.missing_tensorrt
    if known.wanted != PROVIDERS['tensorrt'] or not missing:
        return None
    major = known.installation.cuda.partition('.')[0] or '13'
    reason = f'TensorRT libraries are missing: {", ".join(missing)}'
    for name, version in known.installation.nvidia.items():
        if name.startswith('tensorrt') and int(version.partition('.')[0]) > 10:
            reason += f' ({name} {version} is there, but ONNX Runtime is linked to TensorRT 10)'
            break
    return Trouble(
        reason, f"`pip install 'tensorrt-cu{major}<11'`, or set execution_provider to cuda"
    )
