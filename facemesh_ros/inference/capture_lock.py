"""Keeps the capture of a CUDA graph from what other threads of this process do on a GPU.

ONNX Runtime captures in CUDA's global mode: while a thread captures, calls of any thread that
allocate or wait are refused with error 900, and end the capture. It captures in the first run of a
graph id: two plain runs, the capture and a replay in one call. Later runs only replay.

Source: CUDA Runtime API 13.0, cudaStreamBeginCapture and cudaThreadExchangeStreamCaptureMode.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from contextlib import suppress
from threading import RLock, local

from facemesh_ros.errors import FacemeshError

# Held while a graph is captured, a session is opened or released, or memory is allocated or freed;
# not in later runs. It is only ever waited for where one process has several sensors on a GPU.
CAPTURE_LOCK = RLock()
_THREAD_LOCAL_MODE = 1
_this_thread = local()


def ignore_other_captures(runtime: Callable[[], ctypes.CDLL]) -> None:
    """Let this thread copy, run and wait while others capture, without a lock for each run.

    Its own captures are as strict as before.

    Args:
        runtime: Returns libcudart; called once per thread. Where there is none, nobody captures.
    """
    if not hasattr(_this_thread, 'ignores_captures'):
        _this_thread.ignores_captures = True
        with suppress(FacemeshError):
            mode = ctypes.c_int(_THREAD_LOCAL_MODE)
            runtime().cudaThreadExchangeStreamCaptureMode(ctypes.byref(mode))
