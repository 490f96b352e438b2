"""What a file is: picture, video, or neither."""

from __future__ import annotations

import stat
from pathlib import Path

from facemesh_ros.image.encoded_image import FILE_FORMATS, format_of
from facemesh_ros.io.errors import UnreadableError, readable_name

# Pillow decodes pictures and OpenCV's FFmpeg videos; a build may lack a codec.
IMAGE_SUFFIXES = (
    *('.apng', '.avif', '.bmp', '.dib', '.j2k', '.jfif', '.jp2', '.jpe', '.jpeg', '.jpf'),
    *('.jpg', '.jpx', '.mpo', '.pbm', '.pgm', '.png', '.pnm', '.ppm', '.tif', '.tiff'),
    *('.webp',),
)
VIDEO_SUFFIXES = (
    *('.3g2', '.3gp', '.asf', '.avi', '.divx', '.dv', '.f4v', '.flv', '.gif', '.m2ts'),
    *('.m2v', '.m4v', '.mjpeg', '.mjpg', '.mkv', '.mov', '.mp4', '.mpe', '.mpeg', '.mpg'),
    *('.mts', '.mxf', '.ogv', '.ts', '.vob', '.webm', '.wmv', '.y4m'),
)
# Written by phones; neither library reads it.
HEIC_SUFFIXES = ('.heic', '.heif')
_KINDS = {
    stat.S_IFDIR: 'a folder',
    stat.S_IFIFO: 'a pipe',
    stat.S_IFSOCK: 'a socket',
    stat.S_IFCHR: 'a device',
    stat.S_IFBLK: 'a device',
}
# ISO base media files name at their beginning what they are, and then what else. The general
# brands are also AVIF's.
_HEIC_BRANDS = tuple(b'ftyp' + brand for brand in (b'heic', b'heix', b'hevc', b'heim', b'heis'))
_HEIF_BRANDS = (b'ftypmif1', b'ftypmsf1')
_HEADER_BYTES = 64


def is_video(path: Path) -> bool:
    """Return whether a file is a video by its name, or, if that says nothing, by its content."""
    suffix = path.suffix.lower()
    if suffix in VIDEO_SUFFIXES or suffix in IMAGE_SUFFIXES:
        return suffix in VIDEO_SUFFIXES
    try:
        header = _header_of(path)
    except UnreadableError:
        return False
    return bool(header) and not is_picture(header)


def is_picture(header: bytes) -> bool:
    """Return whether a file's header is that of a picture, readable or HEIC."""
    return is_heic(header) or format_of(header, FILE_FORMATS) is not None


def is_heic(header: bytes) -> bool:
    """Return whether a file's header is HEIC or HEIF, which cannot be read here."""
    brand, others = header[4:12], header[12:_HEADER_BYTES]
    return brand in _HEIC_BRANDS or (brand in _HEIF_BRANDS and b'avif' not in others)


def _header_of(path: Path) -> bytes:
    require_file(path)
    try:
        with path.open('rb') as file:
            return file.read(_HEADER_BYTES)
    except OSError as error:
        raise UnreadableError(f'{readable_name(path)} cannot be read: {error.strerror}') from error


def require_file(path: Path) -> None:
    """Raise UnreadableError if there is no file to read: opening a pipe would wait for ever."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise UnreadableError(f'{readable_name(path)} does not exist') from None
    except OSError as error:
        raise UnreadableError(f'{readable_name(path)} cannot be read: {error.strerror}') from error
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), 'something else')
        raise UnreadableError(f'{readable_name(path)} is {kind}, not a file')
