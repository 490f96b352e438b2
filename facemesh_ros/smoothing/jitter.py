"""Jitter: how much the filter removes, as RMS of raw minus filtered landmarks."""

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
    """Root mean square of raw minus filtered landmarks of each track over the last second."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all tracks."""
        # By id: stamps, ns, and mean squared distances, px², of the last second's frames.
        self._windows: dict[int, tuple[deque[int], deque[float]]] = {}

    def update(
        self, ids: NDArray[np.int64], raw: Float32, filtered: Float32, stamp_ns: int
    ) -> Float32:
        """Take the next frame's faces.

        Args:
            ids: (N,) track ids.
            raw: (N, L, 3) px as measured.
            filtered: (N, L, 3) px.
            stamp_ns: When the frame was taken, ns; a frame from before the last one begins anew.

        Returns:
            (N,) px, √(mean of dx² + dy²) over the landmarks and the last second's frames of the
            track.

        Example:
            >>> raw = np.float32([[(3, 4, 0)] * 468])
            >>> JitterMeter().update(np.array([1]), raw, np.zeros_like(raw), 0).tolist()
            [5.0]
        """
        offsets = xy_planes(raw - filtered)
        squares = np.einsum('ncl,ncl->n', offsets, offsets) / raw.shape[1]
        tracks = ids.tolist()
        for track, square in zip(tracks, squares.tolist(), strict=True):
            if track not in self._windows:
                self._windows[track] = deque(maxlen=MAX_FRAMES), deque(maxlen=MAX_FRAMES)
            stamps, values = self._windows[track]
            stamps.append(stamp_ns)
            values.append(square)
        for track, (stamps, values) in list(self._windows.items()):
            # Older than the window, or from the future.
            while stamps and not 0 <= stamp_ns - stamps[0] < WINDOW_NS:
                stamps.popleft()
                values.popleft()
            if not stamps:
                del self._windows[track]
        means = np.empty(len(tracks), np.float32)
        for index, track in enumerate(tracks):
            _, values = self._windows[track]
            means[index] = sum(values) / len(values)
        return np.sqrt(means)
