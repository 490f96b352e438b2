"""A folder for the commands of each document, with `facemesh` and `./run` on hand."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from document_files import DocumentFiles
from documents import ROOT

# What a checkout has, for commands that are given in it.
OF_THE_CHECKOUT = ('run', 'docker', 'examples', 'tools', 'benchmarks', 'config', 'test')


@pytest.fixture(scope='session')
def head_bgr(require_package) -> np.ndarray:
    """(240, 320, 3) BGR with one face."""
    astronaut = require_package('skimage.data').astronaut()
    return np.ascontiguousarray(astronaut[10:250, 60:380, ::-1])


@pytest.fixture(scope='session')
def files_for(tmp_path_factory, head_bgr) -> Callable[[str], DocumentFiles]:
    """Return the files of a document: its commands are run in one folder, one after the other."""
    made: dict[str, DocumentFiles] = {}

    def files(document: str) -> DocumentFiles:
        if document not in made:
            folder = tmp_path_factory.mktemp('document')
            for name in OF_THE_CHECKOUT:
                (folder / name).symlink_to(ROOT / name)
            made[document] = DocumentFiles(folder, head_bgr)
        return made[document]

    return files


@pytest.fixture(scope='session')
def shell_environment(tmp_path_factory) -> dict[str, str]:
    """Variables with which a shell finds this Python's `facemesh`."""
    folder: Path = tmp_path_factory.mktemp('bin')
    command = folder / 'facemesh'
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m facemesh_ros.cli "$@"\n')
    command.chmod(0o755)
    python = folder / 'python'
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return {
        **os.environ,
        'PATH': f'{folder}{os.pathsep}{os.environ["PATH"]}',
        'PYTHONPATH': os.pathsep.join(filter(None, [str(ROOT), os.environ.get('PYTHONPATH')])),
    }
