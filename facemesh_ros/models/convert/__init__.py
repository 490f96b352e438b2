"""TFLite to ONNX. Needs the packages onnx, tflite and flatbuffers; nothing else imports them."""

from __future__ import annotations

import sys
from types import ModuleType

from facemesh_ros.errors import ConversionError


def load_converter() -> ModuleType:
    """Import the converter, only when something is to be converted.

    Raises:
        ConversionError: If a package that the conversion needs is not installed.
    """
    try:
        from facemesh_ros.models.convert import tflite_to_onnx
    except ModuleNotFoundError as error:
        raise ConversionError(
            f'converting model files needs the Python package {error.name!r}; install it with '
            f'`{sys.executable} -m pip install onnx tflite flatbuffers` (running the models does '
            'not need it)'
        ) from error
    return tflite_to_onnx
