"""How much a filter takes away: the noise that a face would show without it."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.core.boxes import planes
from facemesh_ros.core.types import Float32

WINDOW_NS = 1_000_000_000
# A stream whose stamps stand still must not grow without end.
MAX_FRAMES = 240


class JitterMeter:
    """Root mean square of raw minus filtered landmarks over the last second, by stamps."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all faces."""
        self._squares: dict[int, deque[tuple[int, float]]] = {}

    def update(
        self, ids: NDArray[np.int64], raw: Float32, filtered: Float32, stamp_ns: int
    ) -> Float32:
        """Take the next frame's faces.

        Args:
            ids: (N,) which face each is.
            raw: (N, L, 3) px as measured.
            filtered: (N, L, 3) px.
            stamp_ns: When the frame was taken, ns; a frame from before the last one begins anew.

        Returns:
            (N,) px, distances in the image, over the images of the last second that show the face.
        """
        steps = planes(raw).astype(np.float64) - planes(filtered)
        squares = np.einsum('ncl,ncl->n', steps, steps) / raw.shape[1]
        for number, square in zip(ids.tolist(), squares.tolist(), strict=True):
            self._squares.setdefault(number, deque(maxlen=MAX_FRAMES)).append((stamp_ns, square))
        self._forget(stamp_ns)
        means = [_mean(self._squares[each]) for each in ids.tolist()]
        return np.sqrt(np.array(means, np.float32))

    def _forget(self, stamp_ns: int) -> None:
        """Drop what is older than the window or from the future, and faces without any."""
        for number, kept in list(self._squares.items()):
            while kept and not 0 <= stamp_ns - kept[0][0] < WINDOW_NS:
                kept.popleft()
            if not kept:
                del self._squares[number]


def _mean(kept: deque[tuple[int, float]]) -> float:
    return sum(square for _, square in kept) / len(kept)
