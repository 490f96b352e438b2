"""Fast DDS' segments in /dev/shm: removes those of dead processes, warns if space is short."""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FOLDER = Path('/dev/shm')
# Of Fast DDS 2 and 3: beside each segment, a file that its owner keeps locked while it lives.
_LOCK_FILE = re.compile(r'(?:fastrtps|fastdds)_[0-9a-f]{16}_el')
# A lock file is created some moments before it is locked.
_SETTLED_S = 10.0
_SEGMENT_SIZE = re.compile(r'<segment_size>\s*(\d+)')
_DEFAULT_SEGMENT = 512 * 1024
# Size of a segment over that of its messages: 4.7 % more was measured.
_OVERHEAD = 1.06


def remove_dead_segments(folder: Path = FOLDER) -> int:
    """Remove the segments of this user whose owners have ended without removing them.

    A segment's owner holds a lock, which the kernel releases when the process ends, however it
    ends. So nothing of a living process is touched, also in another container. `fastdds shm clean`
    uses the same criterion.

    Returns:
        Bytes freed.
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
    """Hold a file's lock; raises OSError if another process does."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield os.fstat(descriptor)
    finally:
        os.close(descriptor)


def shortage(folder: Path = FOLDER) -> str:
    """Return a warning if this process' shared memory segment does not fit; empty if it does.

    Fast DDS then uses the network stack, where large images are lost.
    """
    if not os.access(folder, os.W_OK):
        wrong = 'cannot be written' if folder.is_dir() else 'does not exist'
        return (
            f'{folder} {wrong}, so Fast DDS has no shared memory: large images can be lost. Let '
            'the container have one (`docker run --ipc=host`)'
        )
    disk = os.statvfs(folder)
    free, needed = disk.f_bavail * disk.f_frsize, _OVERHEAD * _segment_size()
    if free >= needed:
        return ''
    return (
        f'{folder} has {free / 1e6:.1f} MB left, and Fast DDS needs {needed / 1e6:.1f} MB there '
        'for each process: large images can be lost. Make it larger (`docker run '
        '--shm-size=256m`, or `--ipc=host`), or free what killed processes left in it '
        '(`fastdds shm clean`)'
    )


def _segment_size() -> int:
    """Return the segment size in this process' DDS profile, bytes."""
    for variable in ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE'):
        with suppress(KeyError, OSError, UnicodeDecodeError):
            if size := _SEGMENT_SIZE.search(Path(os.environ[variable]).read_text()):
                return int(size[1])
    return _DEFAULT_SEGMENT
