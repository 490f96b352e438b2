"""The lock that keeps other threads of this process off CUDA while a CUDA graph is captured."""

from __future__ import annotations

from threading import RLock

# ONNX Runtime captures in CUDA's global mode: a call of any other thread that allocates or waits
# makes the capture fail with error 900. So whoever opens a session, runs a batch or calls CUDA
# holds this lock. It is only ever waited for where one process has several sensors on a GPU.
#
# Source: CUDA Runtime API 13.0, cudaStreamBeginCapture and cudaThreadExchangeStreamCaptureMode.
CAPTURE_LOCK = RLock()
