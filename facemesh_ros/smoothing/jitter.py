"""How much a filter takes away: the noise that a face would show without it."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.boxes import xy_planes
from facemesh_ros.types import Float32

WINDOW_NS = 1_000_000_000
# A stream whose stamps stand still must not grow without end.
MAX_FRAMES = 240


class JitterMeter:
    """Root mean square of raw minus filtered landmarks over the last second, by stamps."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all faces."""
        self._windows: dict[int, _Window] = {}

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
        steps = xy_planes(raw - filtered)
        squares = np.einsum('ncl,ncl->n', steps, steps) / raw.shape[1]
        numbers = ids.tolist()
        for number, square in zip(numbers, squares.tolist(), strict=True):
            if number not in self._windows:
                self._windows[number] = _Window()
            self._windows[number].add(stamp_ns, square)
        for window in self._windows.values():
            window.forget(stamp_ns)
        self._windows = {number: window for number, window in self._windows.items() if window}
        return np.sqrt(np.array([self._windows[number].mean() for number in numbers], np.float32))


class _Window:
    """Squares of one face over the last second."""

    def __init__(self) -> None:
        self._stamps_ns: deque[int] = deque(maxlen=MAX_FRAMES)
        self._squares: deque[float] = deque(maxlen=MAX_FRAMES)

    def __len__(self) -> int:
        return len(self._squares)

    def add(self, stamp_ns: int, square: float) -> None:
        self._stamps_ns.append(stamp_ns)
        self._squares.append(square)

    def forget(self, now_ns: int) -> None:
        """Drop what is older than the window or from the future."""
        while self._stamps_ns and not 0 <= now_ns - self._stamps_ns[0] < WINDOW_NS:
            self._stamps_ns.popleft()
            self._squares.popleft()

    def mean(self) -> float:
        return sum(self._squares) / len(self._squares)
