"""Tells errors of ONNX Runtime that mean a failed GPU from those of a wrong request."""

from __future__ import annotations

import re

from facemesh_ros.inference.onnx_runtime import ort

_state = ort.capi.onnxruntime_pybind11_state
# A wrong shape, type or name is InvalidArgument. Errors of a binding are Python's RuntimeError.
_KINDS: tuple[type[BaseException], ...] = (
    RuntimeError,
    *(
        getattr(_state, name)
        for name in ('DeviceReset', 'EngineError', 'EPFail', 'Fail', 'RuntimeException')
        if hasattr(_state, name)
    ),
)
_BY_A_BINDING = ('Error in execution: ', 'Error when binding ')
# Kernels also fail on invalid numbers, so the message decides. Names of source files and functions
# contain `cuda` as well and must not match.
_WORDS = re.compile(
    r'(CUDA|CUDNN|CUBLAS|CUFFT|CURAND|CUSPARSE)\w* (failure|error)'
    r'|cu(DNN|FFT|BLAS) is unavailable|TensorRT (EP|engine)'
    r'|out of memory|failed to allocate memory|smaller than requested bytes',
    re.IGNORECASE,
)


def is_gpu_fault(error: BaseException) -> bool:
    """Return whether an error of a run means that the GPU has failed or is out of memory.

    Source: ONNX Runtime 1.31 `cuda_call.cc`, `bfc_arena.cc`, `tensorrt_execution_provider.cc`.
    """
    return isinstance(error, _KINDS) and _WORDS.search(str(error)) is not None


def is_onnxruntime_error(error: BaseException) -> bool:
    """Return whether ONNX Runtime itself raised an error; its types have no common base."""
    if type(error) is RuntimeError:
        return str(error).startswith(_BY_A_BINDING)
    return bool(type(error).__module__ == _state.__name__)
