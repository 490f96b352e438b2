"""The default filter: head motion and face shape are filtered apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facemesh_ros import native
from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.smoothing.canonical_fit import canonical_fit
from facemesh_ros.smoothing.landmark_groups import (
    EXPRESSION_OF_GROUP,
    NOISE_OF_GROUP,
    landmark_groups,
)
from facemesh_ros.types import Float32


class RigidFilter:
    """Filters the motion of the head and the shape of the face on it apart.

    Fitting the canonical face splits landmarks into an affine map of the head and a shape in head
    coordinates, y = A x + b. A and b go through a Kalman filter; each part of the shape is
    averaged until it changes by more than noise. Both use the noise estimated for this face. The
    result is the filtered shape under the filtered map. See docs/filtering.md.

    Example: one face at rest keeps its landmarks.
        >>> from facemesh_ros.geometry.canonical_face import load_topology
        >>> face = 1000 * load_topology(468).canonical_vertices_m[None]
        >>> smooth, ids = RigidFilter(FilterSettings()), np.array([1])
        >>> frames = [smooth.update(ids, face, stamp_ns) for stamp_ns in (0, 33_333_333)]
        >>> bool(np.allclose(frames, face, atol=1e-3))
        True
    """

    def __init__(self, settings: FilterSettings) -> None:
        self._settings = settings
        self.reset()

    def reset(self) -> None:
        """Forget all tracks."""
        self._landmark_count = -1

    def update(self, ids: NDArray[np.int64], landmarks: Float32, stamp_ns: int) -> Float32:
        """Return the landmarks filtered; see `LandmarkFilter`.

        Landmarks that cannot be a solid face, such as all in one plane or not finite, are returned
        as they are, and the face counts as absent.

        Raises:
            ValueError: If there are neither 468 nor 478 landmarks.
        """
        if landmarks.shape[1] != self._landmark_count:
            self._filter = self._without_tracks(landmarks.shape[1])
            self._landmark_count = landmarks.shape[1]
        return self._filter.update(ids, landmarks, stamp_ns)

    def _without_tracks(self, landmark_count: int) -> native.RigidFilter:
        canonical = canonical_fit()
        return native.RigidFilter(
            fit=canonical.fit,
            extents_m=canonical.extents_m,
            eye_distance_m=canonical.eye_distance_m,
            group_of_landmark=landmark_groups(landmark_count),
            noise=np.array(list(NOISE_OF_GROUP.values())),
            at_rest=np.array([EXPRESSION_OF_GROUP[group] for group in NOISE_OF_GROUP]),
            noise_margin=self._settings.noise_margin,
            rest_time_s=self._settings.rest_time_s,
        )
