"""The folder of what is made from models on this machine, and can be made again."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER_VARIABLE = 'FACEMESH_CACHE_DIR'


def default_folder() -> Path:
    """Return $FACEMESH_CACHE_DIR, else facemesh_ros in the user's cache folder."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    shared = os.environ.get('XDG_CACHE_HOME') or '~/.cache'
    return Path(shared).expanduser() / 'facemesh_ros'
