"""Rerun's SDK, which is an optional package."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from facemesh_ros.errors import FacemeshError

# The last release for a Python that later ones leave out.
_FOR_PYTHON_3_10 = 'rerun-sdk==0.39.0'


class ViewerError(FacemeshError):
    """There is no viewer, it cannot be started, or it has ended."""


def rerun_sdk() -> Any:
    """Import Rerun; raises ViewerError that says what to install."""
    package = 'rerun-sdk' if sys.version_info >= (3, 11) else _FOR_PYTHON_3_10
    try:
        return import_module('rerun')
    except ImportError as error:
        raise ViewerError(
            f'the viewer is the Python package {package} (170 MB, needs numpy 2), which is not '
            f'installed ({error}): {sys.executable} -m pip install {package}'
        ) from error


def viewer_program() -> str:
    """Return the path of the viewer that comes with the SDK; raises ViewerError without it."""
    rerun_sdk()
    program = Path(import_module('rerun_cli').__file__ or '').with_name('rerun')
    if not program.is_file():
        raise ViewerError(f'{program} is missing: install rerun-sdk again')
    return str(program)
