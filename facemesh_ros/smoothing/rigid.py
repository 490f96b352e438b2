"""The default filter: heads move as bodies, faces keep their shape on them until they do not."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.smoothing import head_kalman, noise_estimate, shape_filter
from facemesh_ros.smoothing.head_alignment import HeadAlignments, align_heads
from facemesh_ros.smoothing.landmark_groups import LandmarkGroups, landmark_groups
from facemesh_ros.smoothing.track_state import PerTrackState, Places
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

    The canonical face is fitted to the landmarks, which splits them into a map of the head and a
    face on it. The map goes through a Kalman filter, the face into an average that each of its
    parts leaves when it changes by more than noise; both take the noise from the face itself.
    Put together again they are the result. See docs/filtering.md.
    """

    def __init__(self, settings: FilterSettings) -> None:
        self._settings = settings
        self._memory: PerTrackState[_Faces] = PerTrackState()

    def reset(self) -> None:
        """Forget all faces."""
        self._memory.reset()

    def update(self, ids: NDArray[np.int64], landmarks: Float32, stamp_ns: int) -> Float32:
        """Return the landmarks steadied; see `LandmarkFilter`.

        Landmarks that cannot be a solid face, such as all in one plane or not finite, are returned
        as they are, and the face counts as absent.

        Raises:
            ValueError: If there are neither 468 nor 478 landmarks.
        """
        groups = landmark_groups(landmarks.shape[1])
        # Coordinate by coordinate, so that all that follows runs along contiguous landmarks.
        measured = np.array(landmarks.transpose(0, 2, 1), np.float64, order='C')
        if math.isfinite(measured.sum()):
            poses = align_heads(measured)
            if poses.are_solid.all():
                return _points(self._steadied(ids, measured, poses, groups, stamp_ns))
        usable = np.isfinite(measured.sum(axis=(1, 2)))
        poses = align_heads(measured[usable])
        usable[usable] = solid = poses.are_solid
        steadied = landmarks.copy()
        steadied[usable] = _points(
            self._steadied(
                ids[usable], measured[usable], HeadAlignments(poses.maps[solid]), groups, stamp_ns
            )
        )
        return steadied

    def _steadied(
        self,
        ids: NDArray[np.int64],
        measured: Float64,
        poses: HeadAlignments,
        groups: LandmarkGroups,
        stamp_ns: int,
    ) -> Float64:
        """Return solid faces (N, 3, L) px steadied."""
        faces, sizes = poses.faces(measured), poses.sizes
        places = Places(poses.maps[:, :2, 3], FACE_PER_EYE_DISTANCE * sizes)
        axes, skins = poses.maps[..., :3], faces.take(groups.skin, axis=2)
        before, elapsed_s = self._memory.resume(
            ids,
            places,
            stamp_ns,
            lambda: _Faces(
                head_kalman.resting(
                    poses.maps, self._settings.noise_margin * noise_estimate.FIRST * sizes
                ),
                shape_filter.resting(faces, groups),
                noise_estimate.unknown(skins),
            ),
        )
        learnt = noise_estimate.learnt(before.noise, skins, axes, sizes, elapsed_s)
        noise_px = self._settings.noise_margin * learnt.deviations * sizes
        after = _Faces(
            head_kalman.followed(before.motion, poses.maps, noise_px, sizes, elapsed_s),
            shape_filter.followed(
                before.shape, faces, axes, noise_px, groups, elapsed_s, self._settings.rest_time_s
            ),
            learnt,
        )
        self._memory.keep(ids, places, stamp_ns, after)
        return HeadAlignments(after.motion.maps).landmarks(after.shape.means)


def _points(planes: Float64) -> Float32:
    """Return landmarks (N, 3, L) as (N, L, 3); one coordinate at a time is three times quicker."""
    points = np.empty((len(planes), planes.shape[2], 3), np.float32)
    for axis in range(3):
        points[..., axis] = planes[:, axis]
    return points
