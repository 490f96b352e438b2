"""Where a head is, where its mouth is, and where it looks, in the frame of the image."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facemesh_ros.consumer.landmark_names import NamedLandmarks
from facemesh_ros.consumer.views import FaceMesh, covariance, is_metric, landmarks_metric, view

Float64 = NDArray[np.float64]

UNKNOWN = (math.nan, math.nan, math.nan)
CAMERA_M = (0.0, 0.0, 0.0)


def head_pose(face: FaceMesh) -> Float64:
    """Return the head's pose as a matrix (4, 4), image frame from face axes; NaN if unknown.

    Face axes (REP-155): origin at the sellion, x out of the face, y to the subject's left, z up.
    The last row is 0 0 0 1 also where the rest is NaN.

    So `head_pose(face) @ (0.1, 0, 0, 1)` is 10 cm in front of the face.
    """
    pose = np.eye(4)
    pose[:3, :3] = _rotation(face.pose.pose.orientation)
    position = face.pose.pose.position
    pose[:3, 3] = position.x, position.y, position.z
    if not is_metric(face):
        pose[:3] = math.nan
    return pose


def mouth_pose(face: FaceMesh, names: NamedLandmarks) -> Float64:
    """Return the mouth as a matrix (4, 4): the axes of the head in the middle of the opening.

    The origin is that of the frame `mouth_<id>`: the mean of upper_lip_inner and lower_lip_inner.
    NaN as `head_pose`.
    """
    pose, points = head_pose(face), landmarks_metric(face)
    lips = names.points('upper_lip_inner', 'lower_lip_inner')
    pose[:3, 3] = points[lips].mean(axis=0, dtype=float) if len(points) else math.nan
    return pose


def eyes_middle(face: FaceMesh, names: NamedLandmarks) -> Float64:
    """Return the middle between both eyes, (3,) m, the mean of four corners; NaN if unknown."""
    corners = [f'{side}_eye_{end}' for side in ('left', 'right') for end in ('outer', 'inner')]
    points = landmarks_metric(face)
    if not len(points):
        return np.full(3, math.nan)
    middle: Float64 = points[names.points(*corners)].mean(axis=0, dtype=float)
    return middle


def gaze(face: FaceMesh) -> Float64:
    """Return where both eyes look, (3,) unit vector: their mean, or the only one known; or NaN."""
    eyes = [view(eye, np.float64) for eye in (face.gaze_left, face.gaze_right)]
    known = [eye for eye in eyes if np.isfinite(eye).all()]
    if not known:
        return np.full(3, math.nan)
    direction: Float64 = np.sum(known, axis=0)
    length = float(np.linalg.norm(direction))
    return direction / length if length > 0 else np.full(3, math.nan)


class Look(NamedTuple):
    """How far from a point somebody looks.

    Attributes:
        angle_rad: Between the gaze and the direction from the eyes to the point; NaN if unknown.
        sigma_rad: Its standard deviation about each of two axes across; NaN if unknown.
    """

    angle_rad: float
    sigma_rad: float

    def is_at(self, share: float = 0.9) -> bool:
        """Return whether the look agrees with being at the point; False if unknown.

        Example: 7° off where the gaze is known within 5°, and within 3°.
            >>> Look(math.radians(7), math.radians(5)).is_at()
            True
            >>> Look(math.radians(7), math.radians(3)).is_at()
            False

        angle <= sigma * sqrt(-2 ln(1 - share)): of looks that are at it, so many agree (Rayleigh).
        The larger sigma is, the more others agree too: ask for a small one where that matters.

        Args:
            share: In [0, 1).
        """
        return self.angle_rad <= self.sigma_rad * math.sqrt(-2 * math.log1p(-share))


def look_at(face: FaceMesh, names: NamedLandmarks, point_m: ArrayLike = CAMERA_M) -> Look:
    """Return how far from a point a face looks.

    With u the direction from the eyes to the point, d its distance and C the covariance of the
    head's position: sigma² = gaze_sigma² + (tr C - uᵀ C u) / (2 d²).

    Args:
        face: Of any kind; where its gaze or its place is not known, the answer is NaN.
        names: Of the model it is from.
        point_m: (3,) m in the image's frame; the camera itself by default.
    """
    way = np.asarray(point_m, float) - eyes_middle(face, names)
    distance = float(np.linalg.norm(way))
    if not distance > 0:
        return Look(math.nan, math.nan)
    towards, direction = way / distance, gaze(face)
    place = covariance(face)[:3, :3]
    across = float(np.trace(place) - towards @ place @ towards) / (2 * distance**2)
    angle = math.atan2(
        float(np.linalg.norm(np.cross(direction, towards))), float(direction @ towards)
    )
    return Look(angle, math.sqrt(float(face.gaze_sigma) ** 2 + max(across, 0.0)))


def _rotation(turn: object) -> Float64:
    """Return the matrix (3, 3) of a geometry_msgs/Quaternion of length 1."""
    x, y, z, w = (float(getattr(turn, axis)) for axis in 'xyzw')
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
