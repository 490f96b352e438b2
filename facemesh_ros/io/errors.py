"""Errors of files, and their names as text."""

from __future__ import annotations

import os
from pathlib import Path

from facemesh_ros.errors import FacemeshError


class MediaError(FacemeshError):
    """A picture or video that cannot be read or written."""


class UnreadableError(MediaError):
    """One file that is not what its name says, or is damaged; others may be fine."""


def readable_name(path: Path | str) -> str:
    r"""Return a path as text that may be printed and sent anywhere.

    Bytes that are not UTF-8 and characters that would move a terminal's cursor are written as
    Python writes them: `caf\xe9.jpg`.
    """
    name = os.fsencode(path).decode('utf-8', 'backslashreplace')
    return ''.join(
        character if character.isprintable() else character.encode('unicode_escape').decode()
        for character in name
    )
