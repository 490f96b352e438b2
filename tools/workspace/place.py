"""Where things can be built and written: said in a sentence instead of halfway through."""

from __future__ import annotations

import errno
import os
import pwd
import re
import shutil
import tempfile
from pathlib import Path

from workspace.layout import ROOT, VENVS, SetupError

# ROS's CMake files cut a path off at any other letter, or read it as a part of their language.
_UNBUILDABLE = re.compile(r'[^A-Za-z0-9/ ._+@=~-]')
_FULL = (errno.ENOSPC, errno.EDQUOT)
_FULL_BYTES = 1_000_000
# Of the demo's packages alone, when they are unpacked.
_MIN_FREE_BYTES = 1_000_000_000
_NEEDED = 'the set-up needs about 1.7 GB'


def require_usable_checkout() -> None:
    """Raise SetupError if nothing can be built or written where the checkout lies."""
    unbuildable = sorted(set(_UNBUILDABLE.findall(str(ROOT))))
    if unbuildable:
        raise SetupError(
            f"ROS's build tools cannot work in {ROOT}, because of {' '.join(unbuildable)} in its "
            'path; move the checkout to a path of plain letters (a to z), digits, spaces, . _ -'
        )
    for folder in (ROOT, VENVS, ROOT / 'build'):
        if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
            raise SetupError(_not_writable(folder))


def require_room() -> None:
    """Raise SetupError if the packages would fill the disk, before any is downloaded."""
    if shutil.disk_usage(ROOT).free < _MIN_FREE_BYTES:
        raise SetupError(full_disk())


def is_creatable(folder: Path) -> bool:
    """Tell whether a folder can be written, or made where it is missing, by trying."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            return True
    except OSError:
        return False


def sentence_of(error: OSError) -> str:
    """Return what the user can do about an error of the file system."""
    if error.errno in _FULL:
        return full_disk()
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) and error.filename:
        return _not_writable(Path(error.filename))
    return f'{error}; when the cause is gone, run the same again: it goes on from here'


def full_disk() -> str:
    """Return the sentence that tells how full the disks are which a set-up writes to."""
    temporary = Path(os.environ.get('TMPDIR') or '/tmp')
    free = ', '.join(
        f'{shutil.disk_usage(folder).free / 1e6:.0f} MB in {folder}'
        for folder in (ROOT, temporary)
        if folder.exists()
    )
    return (
        f'the disk has too little room ({free} free); {_NEEDED}: make room, or name another '
        'folder for temporary files with TMPDIR, then run the same again: it goes on from here'
    )


def tells_full_disk(said: str) -> bool:
    """Tell whether a command has failed because of a full disk, by all that it said.

    Where the disk of the log is the full one, it could not say so.
    """
    return os.strerror(errno.ENOSPC) in said or shutil.disk_usage(ROOT).free < _FULL_BYTES


def _not_writable(path: Path) -> str:
    existing = next(place for place in (path, *path.absolute().parents) if place.exists())
    if os.statvfs(existing).f_flag & os.ST_RDONLY:
        why = 'its file system is read-only'
    else:
        owner, user = _name_of(existing.stat().st_uid), _name_of(os.geteuid())
        why = f'it belongs to {owner}, and you are {user}'
    return (
        f'cannot write to {path}: {why}; ./run keeps all that it makes in .venv/ and build/ of '
        'its checkout, so clone the repository into a folder of your own'
    )


def _name_of(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f'user {user}'
