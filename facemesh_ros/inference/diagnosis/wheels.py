"""The wrong ONNX Runtime, or two of them."""

from __future__ import annotations

from facemesh_ros.inference.diagnosis.facts import DiagnosisFacts, Problem


def mixed_wheels(known: DiagnosisFacts) -> Problem | None:
    """Say that two distributions own the module."""
    runtimes = known.installation.runtimes
    if len(runtimes) < 2:
        return None
    found = ' and '.join(f'{name} {version}' for name, version in runtimes.items())
    return Problem(
        f'{found} are installed beside each other and overwrite each other',
        f'`pip uninstall -y {" ".join(runtimes)}`, then {known.installing}',
    )


def wrong_wheel(known: DiagnosisFacts) -> Problem | None:
    """Say that the module was built without the provider."""
    installed = known.installation
    if known.wanted in installed.providers:
        return None
    name = ', '.join(installed.runtimes) or 'onnxruntime'
    reason = f'{name} {installed.version} is installed, which is built without {known.short_name}'
    if installed.has_gpu_build:  # onnxruntime-gpu for ARM has no TensorRT
        return Problem(reason, 'set execution_provider to cuda')
    return Problem(reason, f'`pip uninstall -y {name}`, then {known.installing}')
