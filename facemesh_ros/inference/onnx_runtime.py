"""Imports ONNX Runtime without its telemetry, and checks that its installation is complete.

From 1.29 on, the official builds for Linux give the machine an identifier when they are imported,
in ~/.cache/Microsoft, and report models and hardware to their maker. So nothing else here imports
it.

Two wheels own the module `onnxruntime`; when pip removes one of them, it leaves an empty module of
the other one.
"""

from __future__ import annotations

import os

from facemesh_ros.errors import FacemeshError

_REMEDY = (
    '`pip uninstall -y onnxruntime onnxruntime-gpu`, then `pip install onnxruntime`, or, for an '
    'NVIDIA GPU, `pip install "onnxruntime-gpu[cuda,cudnn]"`'
)


class BrokenInstallationError(FacemeshError):
    """A required library is missing or incomplete."""


# Read when the library is loaded; its `disable_telemetry_events` comes too late for that.
os.environ['ORT_DISABLE_TELEMETRY'] = '1'
try:
    import onnxruntime as ort
except ImportError as error:
    raise BrokenInstallationError(
        f'ONNX Runtime cannot be imported ({error}); {_REMEDY}'
    ) from error

if not hasattr(ort, 'InferenceSession'):
    raise BrokenInstallationError(
        'the module onnxruntime is empty, as pip leaves it when one of two wheels is removed; '
        f'{_REMEDY}'
    )

__all__ = ['BrokenInstallationError', 'ort']
