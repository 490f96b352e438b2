"""Libraries of CUDA, cuDNN and TensorRT that nobody finds."""

from __future__ import annotations

import re

from facemesh_ros.inference.diagnosis.driver import old_driver
from facemesh_ros.inference.diagnosis.facts import DiagnosisFacts, Problem
from facemesh_ros.inference.diagnosis.installation import Installation
from facemesh_ros.inference.nvidia_libraries import CUDNN
from facemesh_ros.inference.providers import PROVIDERS

# Which of NVIDIA's distributions brings a library, its CUDA left out.
_PACKAGES = {
    'libcublas': 'cublas',
    'libcublasLt': 'cublas',
    'libcudart': 'cuda-runtime',
    'libcudnn': 'cudnn',
    'libcufft': 'cufft',
    'libcurand': 'curand',
    'libnvrtc': 'cuda-nvrtc',
}


def missing_cuda(known: DiagnosisFacts) -> Problem | None:
    """Say which libraries of CUDA and cuDNN are nowhere."""
    missing = known.installation.missing
    # With an old driver it is not these libraries that are wanted, but those of another CUDA.
    return _missing(known, missing) if missing and not old_driver(known) else None


def missing_cudnn(known: DiagnosisFacts) -> Problem | None:
    """Say that cuDNN is nowhere, or not of the right version, which only a run has shown."""
    return _missing(known, (CUDNN,)) if 'cuDNN is unavailable' in known.told else None


def _missing(known: DiagnosisFacts, names: tuple[str, ...]) -> Problem:
    installed = known.installation
    purpose = f' for CUDA {installed.cuda}' if installed.cuda else ''
    reason = f"NVIDIA's libraries{purpose} are missing: {', '.join(names)}"
    if emptied := _recorded(installed, names):
        told = ', '.join(f'{name} {installed.nvidia[name]}' for name in emptied)
        return Problem(
            f'{reason} (pip has recorded {told}, but the files are gone or damaged)',
            f'`pip install --force-reinstall {" ".join(emptied)}`',
        )
    if others := _of_other_cuda(installed):
        reason += f' ({", ".join(others)} are for another CUDA)'
    if installed.machine == 'aarch64':
        return Problem(reason, known.installing)
    return Problem(reason, f'`pip install "onnxruntime-gpu[cuda,cudnn]=={installed.version}"`')


def _recorded(installed: Installation, names: tuple[str, ...]) -> list[str]:
    """Return NVIDIA's distributions that should have brought these libraries."""
    own = installed.cuda.partition('.')[0]
    wanted = {f'nvidia-{_PACKAGES.get(name.partition(".")[0])}' for name in names}
    return [name for name in installed.nvidia if name.removesuffix(f'-cu{own}') in wanted]


def _of_other_cuda(installed: Installation) -> list[str]:
    """Return NVIDIA's distributions for another CUDA than this ONNX Runtime is built for."""
    own = installed.cuda.partition('.')[0]
    found = []
    for name, version in installed.nvidia.items():
        suffix = re.search(r'-cu(\d+)$', name)
        if suffix and name.startswith('nvidia-') and suffix[1] != own:
            found.append(f'{name} {version}')
    return found[:3]


def missing_tensorrt(known: DiagnosisFacts) -> Problem | None:
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
    return Problem(
        reason, f"`pip install 'tensorrt-cu{major}<11'`, or set execution_provider to cuda"
    )
