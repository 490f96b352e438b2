"""From settings to a filter."""

from __future__ import annotations

from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.smoothing.landmark_filter import LandmarkFilter, Unfiltered
from facemesh_ros.smoothing.one_euro import OneEuroFilter
from facemesh_ros.smoothing.rigid import RigidFilter


def filter_from_settings(settings: FilterSettings) -> LandmarkFilter:
    """Return the filter that the settings name, with no face in its memory."""
    if settings.type == 'none':
        return Unfiltered()
    if settings.type == 'one_euro':
        return OneEuroFilter(settings)
    return RigidFilter(settings)
