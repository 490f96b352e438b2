"""Temporal smoothing of one stream's landmarks: the filter that the settings name, and jitter."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.native import JitterMeter, OneEuroFilter
from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.smoothing.rigid import RigidFilter
from facemesh_ros.types import Float32


class LandmarkFilter(Protocol):
    """Filters the landmarks of one stream over time, each track by its own history.

    A track may be absent for a while and is then continued over the true interval. It starts anew
    after more than 0.5 s, when time goes back, and when it jumps or changes size so far that it
    must be another face. Equal stamps count as 1/30 s.
    """

    def update(self, ids: NDArray[np.int64], landmarks: Float32, stamp_ns: int) -> Float32:
        """Take the next frame's faces.

        Args:
            ids: (N,) track ids; no two alike.
            landmarks: (N, L, 3) px as measured; L is the same for the whole stream.
            stamp_ns: When the frame was taken, ns.

        Returns:
            (N, L, 3) px, filtered.
        """

    def reset(self) -> None:
        """Forget all tracks."""


class Unfiltered:
    """Returns landmarks as they are."""

    def update(self, ids: NDArray[np.int64], landmarks: Float32, stamp_ns: int) -> Float32:
        """Return the landmarks."""
        return landmarks

    def reset(self) -> None:
        """Do nothing: there is nothing to forget."""


def filter_from_settings(settings: FilterSettings) -> LandmarkFilter:
    """Return the filter that the settings name, without any track."""
    if settings.type == 'none':
        return Unfiltered()
    if settings.type == 'one_euro':
        return OneEuroFilter(settings.min_cutoff_hz, settings.beta, settings.derivative_cutoff_hz)
    return RigidFilter(settings)


class LandmarkSmoother:
    """Filters landmarks by settings that may change between two frames, and measures jitter."""

    def __init__(self, settings: FilterSettings) -> None:
        self._restart(settings)

    def reset(self) -> None:
        """Forget all tracks."""
        self._filter.reset()
        self._meter.reset()

    def update(
        self,
        ids: NDArray[np.int64],
        landmarks: Float32,
        stamp_ns: int,
        settings: FilterSettings,
    ) -> tuple[Float32, Float32]:
        """Take the next frame's faces.

        Args:
            ids: (N,) track ids.
            landmarks: (N, L, 3) px as measured.
            stamp_ns: When the frame was taken, ns.
            settings: For this frame; the filter restarts where they have changed.

        Returns:
            (N, L, 3) px filtered, and (N,) px of jitter, see `JitterMeter`.
        """
        if settings is not self._settings and settings != self._settings:
            self._restart(settings)
        filtered = self._filter.update(ids, landmarks, stamp_ns)
        return filtered, self._meter.update(ids, landmarks, filtered, stamp_ns)

    def _restart(self, settings: FilterSettings) -> None:
        self._settings = settings
        self._filter = filter_from_settings(settings)
        self._meter = JitterMeter()
