"""Still pictures from files and to files."""

from __future__ import annotations

from pathlib import Path

import cv2

from facemesh_ros.image.encoded_image import FILE_FORMATS, bgr_from_encoded
from facemesh_ros.image.raw_image import ImageError
from facemesh_ros.io.errors import MediaError, UnreadableError, readable_name
from facemesh_ros.io.file_kinds import is_heic, require_file
from facemesh_ros.types import UInt8

# What phones take at most; decoding takes ten bytes of memory for each pixel.
MAX_PIXELS = 200_000_000
# Uncompressed and in 16 bits they are not larger; what is, is no picture.
MAX_FILE_BYTES = 2 * 8 * MAX_PIXELS


def image_from_file(path: Path) -> UInt8:
    """Read a picture as it is meant to be seen: turned as its EXIF says.

    Returns:
        (H, W, 3) BGR; the first picture of a moving one.

    Raises:
        UnreadableError: If it is none, damaged, has more than MAX_PIXELS or a side of more than
            32766 px.
    """
    encoded = content_of_file(path)
    if is_heic(encoded):
        name = readable_name(path)
        raise UnreadableError(
            f'{name} is not a readable picture: HEIC is read by neither Pillow nor OpenCV; '
            'convert it to JPEG, for instance by heif-convert'
        )
    try:
        return bgr_from_encoded(
            encoded, max_pixels=MAX_PIXELS, apply_exif=True, formats=FILE_FORMATS
        )
    except ImageError as error:
        raise UnreadableError(
            f'{readable_name(path)} is not a readable picture: {error}'
        ) from error


def content_of_file(path: Path) -> bytes:
    """Return the bytes of a file; raises UnreadableError if it is none, or too large."""
    require_file(path)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UnreadableError(
                f'{readable_name(path)} is not a readable picture: it has '
                f'{path.stat().st_size / 1e9:.1f} GB'
            )
        return path.read_bytes()
    except OSError as error:
        raise UnreadableError(f'{readable_name(path)} cannot be read: {error.strerror}') from error


def write_picture(path: Path, bgr: UInt8) -> None:
    """Write a picture (H, W, 3) in the format that the file's name says.

    Raises:
        MediaError: If that is not possible, or not all of it is on the disk.
    """
    name = readable_name(path)
    try:
        encodable, encoded = cv2.imencode(path.suffix, bgr)
    except cv2.error:
        encodable = False
    if not encodable:
        raise MediaError(f'{name} cannot be written as a picture; use a name in .png')
    try:
        path.write_bytes(encoded.tobytes())
    except OSError as error:
        raise MediaError(f'{name} cannot be written: {error.strerror}') from error
