"""Jitter that is left in landmarks: what a steady motion does not explain."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from facemesh_ros.types import Float32

# Over a longer step nothing is known of what is between.
MAX_STEP_S = 0.2


class RemainingNoise:
    """Deviation of each track's landmarks from the line through their neighbours in time.

    Of three images at t0 < t1 < t2, with w = (t1 - t0) / (t2 - t0): r = x1 - (1 - w) x0 - w x2.
    White noise of variance s² has E|r|² = s² (1 + w² + (1 - w)²), by which |r|² is divided. So of
    a head that rests or moves evenly it is the noise itself, px RMS of x and y together, as
    `FaceMesh.jitter` counts; a head that speeds up adds half of its acceleration times step².

    Example: landmarks that move evenly have none, whatever the intervals.
        >>> noise = RemainingNoise()
        >>> for t in (0.0, 0.03, 0.1):
        ...     left = noise.update('f00001', t, np.full((478, 3), 100 * t, np.float32))
        >>> round(left, 3)
        0.0
    """

    def __init__(self) -> None:
        self._before: dict[str, deque[tuple[float, Float32]]] = {}

    def update(self, track: str, time_s: float, landmarks: Float32) -> float:
        """Take the landmarks (N, 3) px of the next image in which a track was seen.

        Returns:
            px RMS, of the image before; NaN if that is not between two others within 0.2 s each.
        """
        kept = self._before.setdefault(track, deque(maxlen=2))
        last = kept[-1] if kept else None
        if last is not None and (
            not 0 < time_s - last[0] <= MAX_STEP_S or len(last[1]) != len(landmarks)
        ):
            kept.clear()
        noise = math.nan
        if len(kept) == 2:
            noise = _noise(kept[0], kept[1], (time_s, landmarks))
        kept.append((time_s, landmarks))
        return noise

    def keep(self, tracks: set[str]) -> None:
        """Forget all other tracks: their landmarks would stay in memory."""
        for track in self._before.keys() - tracks:
            del self._before[track]


def _noise(
    first: tuple[float, Float32], middle: tuple[float, Float32], last: tuple[float, Float32]
) -> float:
    (t0, x0), (t1, x1), (t2, x2) = first, middle, last
    w = (t1 - t0) / (t2 - t0)
    residual = x1[:, :2] - (1 - w) * x0[:, :2] - w * x2[:, :2]
    square = float(np.einsum('nc,nc->', residual, residual)) / len(residual)
    return math.sqrt(square / (1 + w * w + (1 - w) * (1 - w)))
