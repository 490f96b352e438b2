"""What Fast DDS keeps in /dev/shm: what killed processes left there, and whether there is room."""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FOLDER = Path('/dev/shm')
# Fast DDS 2 and 3; beside each segment lies a file that its owner keeps locked while it lives.
_LOCK_FILE = re.compile(r'(?:fastrtps|fastdds)_[0-9a-f]{16}_el')
# Between the making of a lock file and its locking there is a moment.
_SETTLED_S = 10.0
_SEGMENT_SIZE = re.compile(r'<segment_size>\s*(\d+)')
_DEFAULT_SEGMENT = 512 * 1024
# What a segment takes beside the room for messages: 4.7 % was measured.
_OVERHEAD = 1.06


def remove_dead_segments(folder: Path = FOLDER) -> int:
    """Remove the segments of this user whose owners have ended without removing them.

    A segment's owner holds a lock, which the kernel takes back when it ends in whatever way, so
    that nothing of a living process is touched, in whatever container it lives. `fastdds shm
    clean` goes by the same sign.

    Returns:
        How many bytes are free again.
    """
    freed = 0
    with suppress(OSError):  # no such folder: no shared memory
        for lock in folder.iterdir():
            if _LOCK_FILE.fullmatch(lock.name):
                freed += _reclaim(lock, lock.with_name(lock.name.removesuffix('_el')))
    return freed


def _reclaim(lock: Path, segment: Path) -> int:
    with suppress(OSError), _locked(lock) as status:
        if status.st_uid != os.geteuid() or time.time() - status.st_mtime < _SETTLED_S:
            return 0
        size = segment.stat().st_size if segment.exists() else 0
        segment.unlink(missing_ok=True)
        lock.unlink()
        return size
    return 0


@contextmanager
def _locked(file: Path) -> Iterator[os.stat_result]:
    """Hold a file's lock; raises OSError if somebody else does."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield os.fstat(descriptor)
    finally:
        os.close(descriptor)


def shortage(folder: Path = FOLDER) -> str:
    """Say what to do if this process' shared memory does not fit; empty if it does.

    Fast DDS then goes through the network stack, where large images are lost.
    """
    try:
        found = os.statvfs(folder)
    except OSError:
        return ''
    free, needed = found.f_bavail * found.f_frsize, _OVERHEAD * _segment_size()
    if free >= needed:
        return ''
    return (
        f'{folder} has {free / 1e6:.1f} MB left, and Fast DDS wants {needed / 1e6:.1f} MB there '
        'for each process: large images can be lost. Make it larger (`docker run '
        '--shm-size=256m`, or `--ipc=host`), or free what killed processes left in it '
        '(`fastdds shm clean`)'
    )


def _segment_size() -> int:
    """Return the bytes that the profile of this process' Fast DDS asks for."""
    for variable in ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE'):
        with suppress(KeyError, OSError, UnicodeDecodeError):
            if size := _SEGMENT_SIZE.search(Path(os.environ[variable]).read_text()):
                return int(size[1])
    return _DEFAULT_SEGMENT
