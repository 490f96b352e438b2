"""Appearance of faces: their mean colour, which tells people apart after an occlusion."""

from __future__ import annotations

import numpy as np

from facemesh_ros.types import Float32, Frame

# One landmark in so many is enough for a mean.
STRIDE = 4


def mean_colors(frame: Frame, points: Float32) -> Float32:
    """Return the mean colour at the landmarks of each face.

    color = ln(1 + mean of the pixels), channel by channel. Measured on six people and four clips:
    one face stays within 0.05 (95 %), within 0.2 when it turns away or the light changes; half of
    all pairs of people differ by more than 0.3.

    Args:
        frame: The image.
        points: (N, L, 3) px.

    Returns:
        (N, 3) natural logarithms of the mean red, green and blue.
    """
    pixels = np.rint(points[:, ::STRIDE, :2])
    np.clip(pixels, 0, np.subtract(frame.image_wh, 1), out=pixels)
    columns, rows = pixels.astype(np.intp).transpose(2, 0, 1)
    means = frame.image[rows, columns].mean(axis=1, dtype=np.float32)
    channels = list(frame.order.value[:3])
    colors: Float32 = np.log1p((means if means.ndim == 2 else means[:, None])[:, channels])
    return colors
