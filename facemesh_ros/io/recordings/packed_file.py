"""Recordings that rosbag2 has packed as a whole (compression mode `file`)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import IO, Any

from facemesh_ros.io.recordings.storage import DamageError, required

ZSTD_SUFFIX = '.zstd'
# Of a disk's free space; a file of a few kB can unpack to terabytes.
MOST_OF_DISK = 0.9
_BLOCK_BYTES = 1 << 20
_HEADER_BYTES = 18


def unpack(file: Path, folder: Path) -> Path:
    """Unpack a file into a folder, and return what was in it.

    Raises:
        DamageError: If it is no zstd file, or what is in it would fill the disk.
        OSError: If it cannot be read.
    """
    unpacked = folder / file.stem
    room = int(MOST_OF_DISK * shutil.disk_usage(folder).free)
    zstandard = required('zstandard')
    try:
        with file.open('rb') as packed, unpacked.open('wb') as plain:
            if _announced_bytes(zstandard, packed.read(_HEADER_BYTES)) > room:
                raise _error(folder, room)
            packed.seek(0)
            with zstandard.ZstdDecompressor().stream_reader(packed) as content:
                _copy(content, plain, room)
    except BaseException as error:
        unpacked.unlink(missing_ok=True)
        if isinstance(error, zstandard.ZstdError):
            raise DamageError(f'is no readable zstd file: {error}') from error
        raise
    return unpacked


def _announced_bytes(zstandard: Any, header: bytes) -> int:
    """Return the size that a file says it unpacks to, -1 if it does not."""
    return int(zstandard.frame_content_size(header))


def _copy(content: Any, plain: IO[bytes], room: int) -> None:
    written = 0
    while block := content.read(_BLOCK_BYTES):
        written += len(block)
        if written > room:
            raise _error(Path(plain.name).parent, room)
        plain.write(block)


def _error(folder: Path, room: int) -> DamageError:
    return DamageError(
        f'unpacks to more than the {room / 2**20:.0f} MiB that are left for it in '
        f'{folder.parent}: set TMPDIR to a folder with more room, or unpack it by `zstd -d`'
    )
