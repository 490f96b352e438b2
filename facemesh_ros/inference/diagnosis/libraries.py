"""Checks of the installed packages: the wrong ONNX Runtime, two of them, missing libraries."""

from __future__ import annotations

import re

from facemesh_ros.inference.diagnosis.driver import old_driver
from facemesh_ros.inference.diagnosis.facts import DiagnosisFacts, Installation, Problem
from facemesh_ros.inference.nvidia_libraries import CUDNN
from facemesh_ros.inference.providers import PROVIDERS

# The NVIDIA package of a library, without the number of its CUDA.
_PACKAGES = {
    'libcublas': 'cublas',
    'libcublasLt': 'cublas',
    'libcudart': 'cuda-runtime',
    'libcudnn': 'cudnn',
    'libcufft': 'cufft',
    'libcurand': 'curand',
    'libnvrtc': 'cuda-nvrtc',
}


def two_runtimes(facts: DiagnosisFacts) -> Problem | None:
    """Two packages own the module."""
    runtimes = facts.installation.runtimes
    if len(runtimes) < 2:
        return None
    found = ' and '.join(f'{name} {version}' for name, version in runtimes.items())
    return Problem(
        f'{found} are installed beside each other and overwrite each other',
        f'`pip uninstall -y {" ".join(runtimes)}`, then {facts.installing}',
    )


def wrong_runtime(facts: DiagnosisFacts) -> Problem | None:
    """The module was built without the provider."""
    installed = facts.installation
    if facts.wanted in installed.providers:
        return None
    name = ', '.join(installed.runtimes) or 'onnxruntime'
    reason = f'{name} {installed.version} is installed, which is built without {facts.short_name}'
    if installed.has_gpu_build:  # onnxruntime-gpu for ARM has no TensorRT
        return Problem(reason, 'set execution_provider to cuda')
    return Problem(reason, f'`pip uninstall -y {name}`, then {facts.installing}')


def missing_cuda(facts: DiagnosisFacts) -> Problem | None:
    """Libraries of CUDA or cuDNN are missing."""
    missing = facts.installation.missing
    # With an old driver not these libraries are needed, but those of another CUDA.
    return _missing(facts, missing) if missing and not old_driver(facts) else None


def missing_cudnn(facts: DiagnosisFacts) -> Problem | None:
    """The library cuDNN is missing or of the wrong version, which only a run shows."""
    return _missing(facts, (CUDNN,)) if 'cuDNN is unavailable' in facts.ort_error else None


def _missing(facts: DiagnosisFacts, names: tuple[str, ...]) -> Problem:
    installed = facts.installation
    purpose = f' for CUDA {installed.cuda}' if installed.cuda else ''
    reason = f"NVIDIA's libraries{purpose} are missing: {', '.join(names)}"
    if emptied := _recorded(installed, names):
        recorded = ', '.join(f'{name} {installed.nvidia[name]}' for name in emptied)
        return Problem(
            f'{reason} (pip has recorded {recorded}, but the files are gone or damaged)',
            f'`pip install --force-reinstall {" ".join(emptied)}`',
        )
    if others := _of_other_cuda(installed):
        reason += f' ({", ".join(others)} are for another CUDA)'
    if installed.machine == 'aarch64':
        return Problem(reason, facts.installing)
    return Problem(reason, f'`pip install "onnxruntime-gpu[cuda,cudnn]=={installed.version}"`')


def _recorded(installed: Installation, names: tuple[str, ...]) -> list[str]:
    """Return NVIDIA's packages that should have brought these libraries."""
    own = installed.cuda.partition('.')[0]
    wanted = {f'nvidia-{_PACKAGES.get(name.partition(".")[0])}' for name in names}
    return [name for name in installed.nvidia if name.removesuffix(f'-cu{own}') in wanted]


def _of_other_cuda(installed: Installation) -> list[str]:
    """Return NVIDIA's packages for another CUDA than this ONNX Runtime is built for."""
    own = installed.cuda.partition('.')[0]
    found = []
    for name, version in installed.nvidia.items():
        suffix = re.search(r'-cu(\d+)$', name)
        if suffix and name.startswith('nvidia-') and suffix[1] != own:
            found.append(f'{name} {version}')
    return found[:3]


def missing_tensorrt(facts: DiagnosisFacts) -> Problem | None:
    """TensorRT is wanted and missing."""
    missing = facts.installation.missing_tensorrt
    if facts.wanted != PROVIDERS['tensorrt'] or not missing:
        return None
    major = facts.installation.cuda.partition('.')[0] or '13'
    reason = f'TensorRT libraries are missing: {", ".join(missing)}'
    for name, version in facts.installation.nvidia.items():
        if name.startswith('tensorrt') and int(version.partition('.')[0]) > 10:
            reason += f' ({name} {version} is there, but ONNX Runtime is linked to TensorRT 10)'
            break
    return Problem(
        reason, f"`pip install 'tensorrt-cu{major}<11'`, or set execution_provider to cuda"
    )
