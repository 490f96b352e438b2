"""Loads NVIDIA's libraries from pip packages, which are not on the loader's search path."""

from __future__ import annotations

import contextlib
import ctypes
import io
import logging
import os
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from facemesh_ros.inference.onnx_runtime import ort

# ONNX Runtime opens cuDNN at the first convolution only, whatever CUDA it was built for.
CUDNN = 'libcudnn.so.9'
# All releases up to 1.31 are linked to TensorRT 10.
TENSORRT = ('libnvinfer.so.10', 'libnvinfer_plugin.so.10', 'libnvonnxparser.so.10')
TF32_OVERRIDE = 'NVIDIA_TF32_OVERRIDE'
_MAPPED = Path('/proc/self/maps')
_READS_OVERRIDE = re.compile(r'/libcu(blas|dnn)\w*\.so')
_LOG = logging.getLogger(__name__)
_FAILED = re.compile(r'^Failed to load (?:\S*/)?(lib\S+): ', re.MULTILINE)


@cache
def forbid_tf32() -> bool:
    """Have NVIDIA's libraries calculate fp32 in fp32, in this whole process.

    TF32 rounds fp32 to 10 bits, which moves a landmark by a pixel. The libraries read the
    environment variable when they are loaded, so this is called before.

    Returns:
        Whether they do without TF32 for certain. Not if another package has loaded them before,
        or the user has set the variable to something else.

    Source: NVIDIA cuBLAS and cuDNN documentation, NVIDIA_TF32_OVERRIDE.
    """
    if TF32_OVERRIDE in os.environ:
        return os.environ[TF32_OVERRIDE] == '0'
    if _are_loaded():
        return False
    os.environ[TF32_OVERRIDE] = '0'
    return True


@cache
def fp16_may_use_tensor_cores() -> bool:
    """Return whether they may, with fp32 still in fp32; if not, say once why."""
    may = forbid_tf32()
    if not may:
        _LOG.warning(
            'models in fp16 run without tensor cores, as TF32 is not ruled out in this process; '
            'start Python with %s=0, or open the models before another package loads CUDA',
            TF32_OVERRIDE,
        )
    return may


def _are_loaded() -> bool:
    """Return whether this process has loaded libraries that read the variable."""
    try:
        return _READS_OVERRIDE.search(_MAPPED.read_text()) is not None
    except OSError:
        return True  # not to be known, so not for certain


@cache
def load_cuda_libraries() -> tuple[str, ...]:
    """Load CUDA and cuDNN for this process, from pip's packages or else from the system.

    Returns:
        The names of those that are missing, e.g. `libcublas.so.13`; empty also if this ONNX
        Runtime was not built for CUDA, or is too old (before 1.21) to preload them.
    """
    if not hasattr(ort, 'preload_dlls') or 'CUDAExecutionProvider' not in _available():
        return ()
    forbid_tf32()
    # It prints what is missing to the standard output, which belongs to our results.
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        ort.preload_dlls()
    missing = _FAILED.findall(printed.getvalue())
    # Later releases do not report cuDNN.
    return tuple(dict.fromkeys(missing if _is_loadable(CUDNN) else [*missing, CUDNN]))


@cache
def load_tensorrt_libraries() -> tuple[str, ...]:
    """Load TensorRT for this process and return the names of missing libraries."""
    folder = _pip_folder('tensorrt_libs')
    return tuple(
        name
        for name in TENSORRT
        if not (folder and _is_loadable(str(folder / name))) and not _is_loadable(name)
    )


def _available() -> list[str]:
    return ort.get_available_providers()  # type: ignore[no-any-return]


def _pip_folder(package: str) -> Path | None:
    found = find_spec(package)
    places = found.submodule_search_locations if found else None
    return Path(next(iter(places))) if places else None


def _is_loadable(library: str) -> bool:
    try:
        ctypes.CDLL(library, mode=ctypes.RTLD_GLOBAL)
    except OSError:
        return False
    return True


def tensorrt_version() -> str:
    """Return the version of the loaded TensorRT, e.g. 10.16.1; empty without it."""
    try:
        number = int(ctypes.CDLL(TENSORRT[0]).getInferLibVersion())
    except (OSError, AttributeError):
        return ''
    return f'{number // 10000}.{number // 100 % 100}.{number % 100}'
