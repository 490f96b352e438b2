"""Detects truncated videos by the size that their container declares."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

# ISO/IEC 14496-12, what a file consists of; anything after them was appended later.
_MP4_BOXES = (
    *(b'ftyp', b'moov', b'mdat', b'free', b'skip', b'wide', b'moof', b'mfra', b'sidx', b'styp'),
    *(b'uuid', b'meta', b'pdin'),
)
_EBML, _SEGMENT = b'\x1a\x45\xdf\xa3', b'\x18\x53\x80\x67'


def missing_bytes(path: Path) -> int:
    """Return how many bytes a video's file lacks of the size declared by its container.

    Returns:
        0 too where the container declares none, as in MPEG streams and unfinished recordings.
    """
    with path.open('rb') as file:
        magic = file.read(12)
        size = os.fstat(file.fileno()).st_size
        file.seek(0)
        return max(0, _end_reader(magic)(file, size) - size)


def _end_reader(magic: bytes) -> Callable[[BinaryIO, int], int]:
    if magic[4:8] in _MP4_BOXES:
        return _end_of_mp4
    if magic[:4] == b'RIFF' and magic[8:12] == b'AVI ':
        return _end_of_riff
    if magic[:4] == _EBML:
        return _end_of_matroska
    return lambda *_: 0


def _end_of_mp4(file: BinaryIO, file_size: int) -> int:
    end = 0
    while end < file_size and (header := file.read(8))[4:] in _MP4_BOXES:
        size = int.from_bytes(header[:4], 'big')
        if size == 1:
            size = int.from_bytes(file.read(8), 'big')
        if size < 8:  # 0 means up to the end of the file
            return 0
        end += size
        file.seek(min(end, file_size))
    return end


def _end_of_riff(file: BinaryIO, file_size: int) -> int:
    """Return the end of the last RIFF chunk: large files are a row of them (OpenDML)."""
    end = 0
    while end < file_size and (header := file.read(8))[:4] == b'RIFF':
        size = int.from_bytes(header[4:], 'little')
        if size in (0, 2**32 - 1):  # unknown when it was written
            return 0
        end += 8 + size
        file.seek(min(end, file_size))
    return end


def _end_of_matroska(file: BinaryIO, file_size: int) -> int:
    file.read(len(_EBML))
    header_size = _vint(file)
    if header_size is None or header_size > file_size:
        return 0
    file.seek(header_size, os.SEEK_CUR)
    if file.read(len(_SEGMENT)) != _SEGMENT:
        return 0
    size = _vint(file)
    return 0 if size is None else file.tell() + size


def _vint(file: BinaryIO) -> int | None:
    """Read an EBML variable-size integer (RFC 8794, 4); None if it means "unknown"."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    extra = 8 - first[0].bit_length()
    value = int.from_bytes(first + file.read(extra), 'big') & ((1 << 7 * (extra + 1)) - 1)
    return None if value == (1 << 7 * (extra + 1)) - 1 else value
