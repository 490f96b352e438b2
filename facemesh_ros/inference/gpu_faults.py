"""Which errors of ONNX Runtime say that a GPU does not work any more, and which that we erred."""

from __future__ import annotations

import re

from facemesh_ros.inference.onnx_runtime import ort

_state = ort.capi.onnxruntime_pybind11_state
# A wrong shape, type or name is InvalidArgument. What fails by a binding is Python's RuntimeError.
_KINDS: tuple[type[BaseException], ...] = (
    RuntimeError,
    *(
        getattr(_state, name)
        for name in ('DeviceReset', 'EngineError', 'EPFail', 'Fail', 'RuntimeException')
        if hasattr(_state, name)
    ),
)
_BY_A_BINDING = ('Error in execution: ', 'Error when binding ')
# What runs a kernel also fails on numbers that make no sense, so the words count too. The names of
# source files and functions, which hold `cuda` as well, are none of them.
_WORDS = re.compile(
    r'(CUDA|CUDNN|CUBLAS|CUFFT|CURAND|CUSPARSE)\w* (failure|error)'
    r'|cu(DNN|FFT|BLAS) is unavailable|TensorRT (EP|engine)'
    r'|out of memory|failed to allocate memory|smaller than requested bytes',
    re.IGNORECASE,
)


def is_gpu_fault(error: BaseException) -> bool:
    """Tell whether an error of a run means that the GPU, or its memory, is lost.

    Source: ONNX Runtime 1.31 `cuda_call.cc`, `bfc_arena.cc`, `tensorrt_execution_provider.cc`.
    """
    return isinstance(error, _KINDS) and _WORDS.search(str(error)) is not None


def is_onnxruntime_error(error: BaseException) -> bool:
    """Tell whether ONNX Runtime itself raised an error; its kinds have no common base."""
    if type(error) is RuntimeError:
        return str(error).startswith(_BY_A_BINDING)
    return bool(type(error).__module__ == _state.__name__)
