"""Inputs of the graphs that sample N crops on a GPU, batch axis first.

    pixels   (B,)           uint8    one or more images, byte by byte
    columns  (N, 1, S, 2)   float32  x and y of each column's samples, 32nds of a px
    rows     (N, S, 1, 2)   float32  the same of each row; a sample lies at the sum of both
    last     (N, 1, 1, 2)   float32  x and y of the image's last pixel
    strides  (N, 1, 1, 2)   int32    bytes from one pixel to the next in x and in y
    origins  (N, 1, 1, 3)   int32    index into `pixels` of the first pixel's red, green and blue
    maps     (N, 3, 3)      float64  landmarks from crop to image: landmarks @ maps + offsets
    offsets  (N, 1, 3)      float64  px

Columns and rows are those of `image/crop`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.types import Frame, UInt8

Inputs = dict[str, NDArray[Any]]


def image_bytes(frame: Frame) -> tuple[UInt8, Frame]:
    """Return an image's bytes from its first pixel to its last, and the frame that they are of.

    Rows may be padded. Any other layout is copied, so the frame's image may be a new one.
    """
    image = frame.image
    channels = 1 if image.ndim == 2 else image.shape[2]
    pixels_in_order = image.strides[1:] == (channels, 1)[: image.ndim - 1]
    if not pixels_in_order or image.strides[0] < image.shape[1] * channels:
        image = np.ascontiguousarray(image)
    size = image.strides[0] * (image.shape[0] - 1) + image.shape[1] * channels
    flat = np.lib.stride_tricks.as_strided(image, (size,), (1,), writeable=False)
    return flat, Frame(image, frame.order, frame.stamp_ns)


def image_layout(frame: Frame, count: int, start: int = 0) -> Inputs:
    """Return `last`, `strides` and `origins` of N crops of one image.

    Args:
        frame: As `image_bytes` returns it.
        count: N.
        start: Index into `pixels` of the image's first byte.
    """
    width, height = frame.image_wh
    row, column = frame.image.strides[:2]
    last, strides = np.empty((count, 1, 1, 2), np.float32), np.empty((count, 1, 1, 2), np.int32)
    origins = np.empty((count, 1, 1, 3), np.int32)
    last[:] = width - 1, height - 1
    strides[:] = column, row
    origins[:] = [start + channel for channel in frame.order.value[:3]]
    return {'last': last, 'strides': strides, 'origins': origins}
