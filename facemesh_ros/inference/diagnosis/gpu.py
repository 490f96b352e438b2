"""Why the GPU does not run the models, and what to do about it: all checks, in their order."""

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
    two_runtimes,
    wrong_runtime,
)

Check = Callable[[DiagnosisFacts], Problem | None]

# Of each group only the first problem is reported: the others follow from it.
_GROUPS: tuple[tuple[Check, ...], ...] = (
    (two_runtimes, wrong_runtime),
    (no_driver, old_driver, driver_error, wrong_device),
    (missing_cuda, missing_cudnn),
    (missing_tensorrt,),
)


def problems_of(facts: DiagnosisFacts) -> list[Problem]:
    """Return all problems; ONNX Runtime's own error is one only if there is no other."""
    firsts = (next(filter(None, (check(facts) for check in group)), None) for group in _GROUPS)
    found = [problem for problem in firsts if problem]
    return found or ([_unexplained(facts.ort_error)] if facts.ort_error else [])


def problems_text(problems: list[Problem]) -> str:
    """Return reasons and remedies as one text."""
    return '. Besides, '.join(map(str, problems))


def _unexplained(error: str) -> Problem:
    """Return the problem that an error of ONNX Runtime is, without where in its sources."""
    if 'out of memory' in error or 'Failed to allocate memory' in error:
        return Problem('the GPU has no memory left', '`nvidia-smi` shows who holds it')
    failure = re.search(r'CUDA failure (\d+: .*?) ; GPU', error)
    if failure:
        message = f'CUDA failure {failure[1]}'
    else:
        sources = r'\S*/onnxruntime_src/\S+|\[ONNXRuntimeError\] : \d+ : \w+ : '
        message = re.sub(sources, '', error)[-300:]
    return Problem(
        f'ONNX Runtime says: {message}', 'see docs/gpu_install.md; `nvidia-smi` must list the GPU'
    )
