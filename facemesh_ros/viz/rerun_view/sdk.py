"""Rerun's SDK, which is an optional package."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from facemesh_ros.errors import FacemeshError


class ViewerError(FacemeshError):
    """There is no viewer, it cannot be started, or it cannot be shown anything."""


def rerun_sdk() -> Any:
    """Import Rerun; raises ViewerError that says what to install."""
    try:
        return import_module('rerun')
    except ImportError as error:
        raise ViewerError(
            f'the viewer is the Python package rerun-sdk, which is not there ({error}): '
            f'{_how_to_install()}'
        ) from error


def viewer_program() -> str:
    """Return the path of the viewer that comes with the SDK; raises ViewerError without it."""
    rerun_sdk()
    program = Path(import_module('rerun_cli').__file__ or '').with_name('rerun')
    if not program.is_file():
        raise ViewerError(f'{program} is missing: install rerun-sdk again')
    return str(program)


def _how_to_install() -> str:
    # Later releases leave Python 3.10 out.
    package = 'rerun-sdk' if sys.version_info >= (3, 11) else "'rerun-sdk<0.40'"
    if int(np.__version__.partition('.')[0]) < 2:
        return (
            f'it needs numpy 2, and here is numpy {np.__version__}, which ROS may need: put '
            f'facemesh with {package} into an environment of its own (python3 -m venv), to look '
            'at files'
        )
    return f'{sys.executable} -m pip install {package}'
