"""The default filter: head motion and face shape are filtered apart."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.smoothing import head_kalman, noise_estimate, shape_filter
from facemesh_ros.smoothing.head_alignment import (
    HeadAlignments,
    align_heads,
    image_from_head,
)
from facemesh_ros.smoothing.landmark_groups import LandmarkGroups, landmark_groups
from facemesh_ros.smoothing.track_state import FacePositions, PerTrackState
from facemesh_ros.struct_of_arrays import select
from facemesh_ros.types import Float32, Float64

# Height and width of a face in distances between outer eye corners.
FACE_PER_EYE_DISTANCE = 1.8


@dataclass(frozen=True, slots=True)
class _Faces:
    """State of N faces."""

    motion: head_kalman.HeadMotion
    shape: shape_filter.Shape
    noise: noise_estimate.Noise


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
        self._tracks: PerTrackState[_Faces] = PerTrackState()

    def reset(self) -> None:
        """Forget all tracks."""
        self._tracks.reset()

    def update(self, ids: NDArray[np.int64], landmarks: Float32, stamp_ns: int) -> Float32:
        """Return the landmarks filtered; see `LandmarkFilter`.

        Landmarks that cannot be a solid face, such as all in one plane or not finite, are returned
        as they are, and the face counts as absent.

        Raises:
            ValueError: If there are neither 468 nor 478 landmarks.
        """
        groups = landmark_groups(landmarks.shape[1])
        # Coordinate by coordinate, so that all that follows runs along contiguous landmarks.
        measured = np.array(landmarks.transpose(0, 2, 1), np.float64, order='C')
        if math.isfinite(measured.sum()):
            heads = align_heads(measured)
            if heads.are_invertible.all():
                return _points(self._filtered(ids, measured, heads, groups, stamp_ns))
        usable = np.isfinite(measured.sum(axis=(1, 2)))
        heads = align_heads(measured[usable])
        usable[usable] = solid = heads.are_invertible
        filtered = landmarks.copy()
        filtered[usable] = _points(
            self._filtered(ids[usable], measured[usable], select(heads, solid), groups, stamp_ns)
        )
        return filtered

    def _filtered(
        self,
        ids: NDArray[np.int64],
        measured: Float64,
        heads: HeadAlignments,
        groups: LandmarkGroups,
        stamp_ns: int,
    ) -> Float64:
        """Return solid faces (N, 3, L) px filtered."""
        affines, sizes = heads.affines, heads.eye_distances_px
        axes = affines[..., :3]
        inverses = np.asarray(np.linalg.inv(heads.frames), np.float64)
        shapes: Float64 = inverses[:, :3, :3] @ (measured - affines[..., 3:])
        skin = shapes.take(groups.skin, axis=2)
        margin = self._settings.noise_margin
        positions = FacePositions(affines[:, :2, 3], FACE_PER_EYE_DISTANCE * sizes)
        before, elapsed_s = self._tracks.resume(
            ids, positions, stamp_ns, lambda: _initial(shapes, skin, heads, groups, margin)
        )
        noise = noise_estimate.update(before.noise, skin, heads, elapsed_s)
        motion = head_kalman.update(
            before.motion,
            affines,
            heads.frames,
            inverses,
            margin * noise.heads,
            elapsed_s,
        )
        shape = shape_filter.update(
            before.shape,
            shapes,
            axes,
            margin * noise.deviations * sizes,
            groups,
            elapsed_s,
            self._settings.rest_time_s,
            motion.have_stopped,
        )
        self._tracks.store(ids, positions, stamp_ns, _Faces(motion, shape, noise))
        return image_from_head(motion.affines, shape.means)


def _initial(
    shapes: Float64, skin: Float64, heads: HeadAlignments, groups: LandmarkGroups, margin: float
) -> _Faces:
    """Return the state of faces at their first measurement."""
    noise = noise_estimate.initial(skin, heads.eye_distances_px)
    motion = head_kalman.initial(heads.affines, margin * noise.heads)
    return _Faces(motion, shape_filter.initial(shapes, groups), noise)


def _points(planes: Float64) -> Float32:
    """Return landmarks (N, 3, L) as (N, L, 3); one coordinate at a time is three times quicker."""
    points = np.empty((len(planes), planes.shape[2], 3), np.float32)
    for axis in range(3):
        points[..., axis] = planes[:, axis]
    return points
