"""The folder of what is made from models on this machine, and can be made again."""

from __future__ import annotations

import errno
import os
from pathlib import Path

FOLDER_VARIABLE = 'FACEMESH_CACHE_DIR'


def default_folder() -> Path:
    """Return $FACEMESH_CACHE_DIR, else facemesh_ros in the user's cache folder.

    Raises:
        FileNotFoundError: If there is no home folder to find it in.
    """
    chosen = os.environ.get(FOLDER_VARIABLE)
    shared = Path(os.environ.get('XDG_CACHE_HOME') or '~/.cache', 'facemesh_ros')
    try:
        return (Path(chosen) if chosen else shared).expanduser()
    except RuntimeError as error:
        raise FileNotFoundError(errno.ENOENT, 'there is no home folder', str(shared)) from error
