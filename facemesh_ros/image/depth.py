"""Depth images: buffers of millimetres or metres to metres (REP-118)."""

from __future__ import annotations

import numpy as np

from facemesh_ros.errors import quoted
from facemesh_ros.image.encodings import Layout
from facemesh_ros.image.raw_image import ImageError, RawImage, check_size
from facemesh_ros.types import Float32, PixelOrder

M_PER_MM = np.float32(1e-3)
# mono16 as depth_image_proc takes it, too: some drivers call their millimetres so.
_TYPES = {'16uc1': 'u2', 'mono16': 'u2', '32fc1': 'f4'}


def depth_from_raw(raw: RawImage) -> Float32:
    """Return the distances in a depth camera's buffer.

    Args:
        raw: Its encoding is 16UC1 or mono16 (mm, 0 where unknown) or 32FC1 (m, NaN where
            unknown).

    Returns:
        (height, width) m; a view of the buffer where its numbers are metres of this machine.

    Raises:
        ImageError: If the encoding is another one or the sizes are inconsistent.
    """
    kind = _TYPES.get(raw.encoding.strip().lower())
    if kind is None:
        raise ImageError(
            f'depth images are 16UC1 (mm) or 32FC1 (m), REP 118, not {quoted(raw.encoding)}: '
            'publish the registered depth image, not a picture of it'
        )
    dtype = np.dtype(('>' if raw.big_endian else '<') + kind)
    check_size(raw, Layout(PixelOrder.MONO, dtype.itemsize, depth=dtype.itemsize))
    shape, strides = (raw.height, raw.width), (raw.step, dtype.itemsize)
    rows = np.ndarray(shape, dtype, raw.buffer, strides=strides)
    return rows.astype(np.float32, copy=False) if kind == 'f4' else metres_from_mm(rows)


def metres_from_mm(millimetres: np.ndarray) -> Float32:
    """Return (H, W) m of (H, W) uint16 mm, in either byte order."""
    metres = millimetres.astype(np.float32)
    metres *= M_PER_MM
    return metres
