"""ONNX Runtime, found to be whole.

Two wheels own the module `onnxruntime`; when pip removes one of them, it leaves an empty module of
the other one.
"""

from __future__ import annotations

from facemesh_ros.errors import FacemeshError

_CURE = (
    '`pip uninstall -y onnxruntime onnxruntime-gpu`, then `pip install onnxruntime`, or, for an '
    'NVIDIA GPU, `pip install "onnxruntime-gpu[cuda,cudnn]"`'
)


class BrokenInstallationError(FacemeshError):
    """A library that is needed is not there, or is in pieces."""


try:
    import onnxruntime as ort
except ImportError as error:
    raise BrokenInstallationError(f'ONNX Runtime cannot be imported ({error}); {_CURE}') from error

if not hasattr(ort, 'InferenceSession'):
    raise BrokenInstallationError(
        'the module onnxruntime is empty, as pip leaves it when one of two wheels is removed; '
        f'{_CURE}'
    )

__all__ = ['BrokenInstallationError', 'ort']
