"""Why the GPU does not run the models, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable

from facemesh_ros.inference.diagnosis.driver import (
    driver_error,
    no_driver,
    old_driver,
    wrong_device,
)
from facemesh_ros.inference.diagnosis.facts import DiagnosisFacts, Problem
from facemesh_ros.inference.diagnosis.libraries import (
    missing_cuda,
    missing_cudnn,
    missing_tensorrt,
)
from facemesh_ros.inference.diagnosis.wheels import mixed_wheels, wrong_wheel

Look = Callable[[DiagnosisFacts], Problem | None]

# Of each group only the first trouble counts: the others follow from it.
_GROUPS: tuple[tuple[Look, ...], ...] = (
    (mixed_wheels, wrong_wheel),
    (no_driver, old_driver, driver_error, wrong_device),
    (missing_cuda, missing_cudnn),
    (missing_tensorrt,),
)


def problems_of(known: DiagnosisFacts) -> list[Problem]:
    """Return all that has to be mended; what ONNX Runtime says counts if nothing else is known."""
    found = [
        trouble
        for group in _GROUPS
        if (trouble := next((it for look in group if (it := look(known))), None))
    ]
    return found or ([_as_told(known.told)] if known.told else [])


def told_together(troubles: list[Problem]) -> str:
    """Return reasons and cures as one text."""
    return '. Besides, '.join(map(str, troubles))


def _as_told(told: str) -> Problem:
    if 'out of memory' in told or 'Failed to allocate memory' in told:
        return Problem('the GPU has no memory left', '`nvidia-smi` shows who holds it')
    return Problem(
        f'ONNX Runtime says: {_gist(told)}',
        'see docs/gpu_install.md; `nvidia-smi` must list the GPU',
    )


def _gist(told: str) -> str:
    """Return what an error of ONNX Runtime says, without where in its sources it says so."""
    failure = re.search(r'CUDA failure (\d+: .*?) ; GPU', told)
    if failure:
        return f'CUDA failure {failure[1]}'
    return re.sub(r'\S*/onnxruntime_src/\S+|\[ONNXRuntimeError\] : \d+ : \w+ : ', '', told)[-300:]
