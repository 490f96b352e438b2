"""One-Euro filter of each coordinate, as MediaPipe filters a single face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.boxes import xy_planes
from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.smoothing.track_state import FacePositions, PerTrackState
from facemesh_ros.types import Float32, Float64

# Below it MediaPipe does not filter.
MIN_SIZE_PX = 1e-6


@dataclass(frozen=True, slots=True)
class _Smoothed:
    """State of N faces: (N, L, 3) px as measured last, px smoothed, speed in face sizes per s."""

    measured: Float64
    smoothed: Float64
    speeds: Float64


class OneEuroFilter:
    """MediaPipe's filter with its defaults, for every face and with true intervals.

    With interval T, face size s and gain α(f) = 1 / (1 + 1 / (2π f T)):

        speed   v ← v + α(derivative_cutoff_hz) ((y − y_before) / (s T) − v)
        cutoff  f = min_cutoff_hz + beta |v|
        output  x ← x + α(f) (y − x)

    Example:
        >>> smooth, face = OneEuroFilter(FilterSettings(beta=0.0)), np.zeros((1, 468, 3), 'f4')
        >>> face[0, 0] = 100
        >>> first = smooth.update(np.array([1]), face, 0)
        >>> round(float(smooth.update(np.array([1]), face + 1, 33_333_333)[0, 0, 0]), 2)
        100.01

    Source: MediaPipe `one_euro_filter.cc`, `landmarks_smoothing_calculator.cc`; Casiez et al.,
        1€ Filter, CHI 2012.
    """

    def __init__(self, settings: FilterSettings) -> None:
        self._settings = settings
        self._tracks: PerTrackState[_Smoothed] = PerTrackState()

    def reset(self) -> None:
        """Forget all tracks."""
        self._tracks.reset()

    def update(self, ids: NDArray[np.int64], landmarks: Float32, stamp_ns: int) -> Float32:
        """Return the landmarks filtered; see `LandmarkFilter`."""
        measured = landmarks.astype(np.float64)
        # As MediaPipe sizes a face: the mean side of the box around it.
        xy = xy_planes(measured)
        low, high = xy.min(axis=2), xy.max(axis=2)
        positions = FacePositions(0.5 * (low + high), (high - low).mean(axis=1))
        state, elapsed_s = self._tracks.resume(
            ids,
            positions,
            stamp_ns,
            lambda: _Smoothed(measured, measured, np.zeros_like(measured)),
        )
        state = self._filtered(state, measured, positions.sizes, elapsed_s)
        self._tracks.store(ids, positions, stamp_ns, state)
        return state.smoothed.astype(np.float32)

    def _filtered(
        self, state: _Smoothed, measured: Float64, sizes: Float64, elapsed_s: Float64
    ) -> _Smoothed:
        settings, interval_s = self._settings, elapsed_s[:, None, None]
        scaled_s = interval_s * np.maximum(sizes, MIN_SIZE_PX)[:, None, None]
        speeds = (measured - state.measured) / scaled_s
        speeds = state.speeds + _gain(settings.derivative_cutoff_hz, interval_s) * (
            speeds - state.speeds
        )
        cutoffs_hz = settings.min_cutoff_hz + settings.beta * np.abs(speeds)
        gains = _gain(cutoffs_hz, interval_s)
        gains[sizes < MIN_SIZE_PX] = 1
        smoothed = state.smoothed + gains * (measured - state.smoothed)
        return _Smoothed(measured, smoothed, speeds)


def _gain(cutoff_hz: Float64 | float, interval_s: Float64) -> Float64:
    """Return the gain of a first-order low-pass filter."""
    return 1 / (1 + 1 / (2 * np.pi * cutoff_hz * interval_s))
