"""The converter, imported only when something is to be converted."""

from __future__ import annotations

import sys

from facemesh_ros.catalog.model_entry import ModelEntry
from facemesh_ros.errors import ConversionError

_PACKAGES = 'onnx tflite flatbuffers'


def onnx_files(content: bytes, entry: ModelEntry) -> dict[str, bytes]:
    """Convert a TFLite file to all variants of its model.

    Args:
        content: The TFLite file.
        entry: The model that it is.

    Returns:
        ONNX files by their names.

    Raises:
        ConversionError: If the packages that the conversion needs are not installed, or the file
            cannot be converted.
    """
    check_converter()
    from facemesh_ros.models.convert.tflite_to_onnx import onnx_from_tflite

    return {
        entry.file_name(variant): onnx_from_tflite(content, entry, variant)
        for variant in entry.variants
    }


def check_converter() -> None:
    """Raise ConversionError if a package that the conversion needs is not installed."""
    try:
        import facemesh_ros.models.convert.tflite_to_onnx  # noqa: F401
    except ModuleNotFoundError as error:
        raise ConversionError(
            f'converting model files needs the Python package {error.name!r}; '
            f'install it with `{sys.executable} -m pip install {_PACKAGES}` (running the models '
            'does not need it)'
        ) from error
