"""Imports OpenVINO where it is wanted, which takes time and memory."""

from __future__ import annotations

import sys
from functools import cache
from importlib import metadata
from types import ModuleType
from typing import Any

from facemesh_ros.inference.hardware import processor_name

# `openvino` imports it if it can: 70 of 100 ms, and a client that reports to its maker.
_CONVERTER = 'openvino.tools.ovc'


def openvino_version() -> str:
    """Return the version of the installed package, without importing it; empty for none."""
    try:
        return metadata.version('openvino')
    except metadata.PackageNotFoundError:
        return ''


@cache
def load_openvino() -> ModuleType:
    """Import the package without its tools that convert models.

    They can still be imported by their own name afterwards.

    Raises:
        ImportError: If it is not installed, or not whole.
    """
    missing = object()
    before = sys.modules.get(_CONVERTER, missing)
    sys.modules[_CONVERTER] = None  # type: ignore[assignment]  # its import fails, as if absent
    try:
        import openvino
    finally:
        if before is missing:
            del sys.modules[_CONVERTER]
        else:
            sys.modules[_CONVERTER] = before  # type: ignore[assignment]
    module: ModuleType = openvino
    return module


@cache
def openvino_core() -> Any:
    """Return what reads, compiles and loads models, one for the life of the process.

    With its last core OpenVINO frees the stack that it has given the first one's thread to handle
    signals on, and the next signal there would end the process (2026.4, CPU plugin).
    """
    return load_openvino().Core()


@cache
def openvino_machine() -> str:
    """Return what a compiled model depends on besides its file, as a folder's name."""
    return f'{openvino_version()}-{processor_name()}'
