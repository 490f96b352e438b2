"""The default filter: heads move as bodies, faces keep their shape on them until they do not."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.core.filtering import expression, motion, noise
from facemesh_ros.core.filtering.head import HeadPoses, head_poses
from facemesh_ros.core.filtering.memory import FaceMemory, Places
from facemesh_ros.core.filtering.regions import LandmarkGroups, landmark_groups
from facemesh_ros.core.filtering.settings import FilterSettings
from facemesh_ros.core.types import Float32, Float64

# Height and width of a face in distances between outer eye corners.
FACE_PER_EYE_DISTANCE = 1.8


@dataclass(frozen=True, slots=True)
class _Faces:
    """State of N faces."""

    motion: motion.Motion
    shape: expression.Shape
    noise: noise.Noise


class RigidFilter:
    """Filters the motion of the head and the shape of the face on it apart.

    The canonical face is fitted to the landmarks, which splits them into a map of the head and a
    face on it. The map goes through a Kalman filter, the face into an average that each of its
    parts leaves when it changes by more than noise; both take the noise from the face itself.
    Put together again they are the result. See docs/filtering.md.
    """

    def __init__(self, settings: FilterSettings) -> None:
        self._settings = settings
        self._memory: FaceMemory[_Faces] = FaceMemory()

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
            poses = head_poses(measured)
            if poses.are_solid.all():
                return _points(self._steadied(ids, measured, poses, groups, stamp_ns))
        usable = np.isfinite(measured.sum(axis=(1, 2)))
        poses = head_poses(measured[usable])
        usable[usable] = solid = poses.are_solid
        steadied = landmarks.copy()
        steadied[usable] = _points(
            self._steadied(
                ids[usable], measured[usable], HeadPoses(poses.maps[solid]), groups, stamp_ns
            )
        )
        return steadied

    def _steadied(
        self,
        ids: NDArray[np.int64],
        measured: Float64,
        poses: HeadPoses,
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
                motion.resting(poses.maps, self._settings.noise_margin * noise.FIRST * sizes),
                expression.resting(faces, groups),
                noise.unknown(skins),
            ),
        )
        learnt = noise.learnt(before.noise, skins, axes, sizes, elapsed_s)
        noise_px = self._settings.noise_margin * learnt.deviations * sizes
        after = _Faces(
            motion.followed(before.motion, poses.maps, noise_px, sizes, elapsed_s),
            expression.followed(
                before.shape, faces, axes, noise_px, groups, elapsed_s, self._settings.rest_time_s
            ),
            learnt,
        )
        self._memory.keep(ids, places, stamp_ns, after)
        return HeadPoses(after.motion.maps).landmarks(after.shape.means)


def _points(planes: Float64) -> Float32:
    """Return landmarks (N, 3, L) as (N, L, 3); one coordinate at a time is three times quicker."""
    points = np.empty((len(planes), planes.shape[2], 3), np.float32)
    for axis in range(3):
        points[..., axis] = planes[:, axis]
    return points
