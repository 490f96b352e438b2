"""The temporal filter of one stream and the measure of what it takes away."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.smoothing.jitter import JitterMeter
from facemesh_ros.smoothing.one_euro import OneEuroFilter
from facemesh_ros.smoothing.rigid import RigidFilter
from facemesh_ros.types import Float32


class LandmarkFilter(Protocol):
    """Steadies the landmarks of one stream of frames, each face by its own history."""

    def update(self, ids: NDArray[np.int64], landmarks: Float32, stamp_ns: int) -> Float32:
        """Take the next frame's faces.

        Args:
            ids: (N,) which face each is; no two alike.
            landmarks: (N, L, 3) px as measured; L is the same for the whole stream.
            stamp_ns: When the frame was taken, ns; see `FaceMemory` for gaps and time that goes
                back.

        Returns:
            (N, L, 3) px, steadied.
        """

    def reset(self) -> None:
        """Forget all faces."""


class Unfiltered:
    """Passes landmarks on as they are."""

    def update(self, ids: NDArray[np.int64], landmarks: Float32, stamp_ns: int) -> Float32:
        """Return the landmarks."""
        return landmarks

    def reset(self) -> None:
        """Do nothing: there is nothing to forget."""


def filter_from_settings(settings: FilterSettings) -> LandmarkFilter:
    """Return the filter that the settings name, with no face in its memory."""
    if settings.type == 'none':
        return Unfiltered()
    if settings.type == 'one_euro':
        return OneEuroFilter(settings)
    return RigidFilter(settings)


class LandmarkSmoother:
    """Filters landmarks by settings that may change between two frames."""

    def __init__(self, settings: FilterSettings) -> None:
        self.adopt(settings)

    def adopt(self, settings: FilterSettings) -> None:
        """Begin anew with other settings."""
        self._settings = settings
        self._filter = filter_from_settings(settings)
        self._meter = JitterMeter()

    def reset(self) -> None:
        """Forget all faces."""
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
            ids: (N,) which face each is.
            landmarks: (N, L, 3) px as measured.
            stamp_ns: When the frame was taken, ns.
            settings: Of now; the filter begins anew where they have changed.

        Returns:
            (N, L, 3) px filtered, and (N,) px of jitter, see `JitterMeter`.
        """
        if settings != self._settings:
            self.adopt(settings)
        steady = self._filter.update(ids, landmarks, stamp_ns)
        return steady, self._meter.update(ids, landmarks, steady, stamp_ns)
