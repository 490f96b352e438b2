"""The pose of a head of known shape, from the directions in which its landmarks are seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facemesh_ros.attributes.face_view import FaceView
from facemesh_ros.attributes.landmark_weights import weights_seen_from
from facemesh_ros.geometry.canonical_face import MESH_LANDMARKS, SELLION
from facemesh_ros.types import Float64

MAX_STEPS = 6
CONVERGED = 2e-5  # m and rad; the step after it would be ten times smaller
# Farther off than this a landmark is no longer where the shape has it: an open mouth, a hand.
HUBER_M = 0.006
# The ridge of the nose about the sellion.
ABOUT_SELLION = np.array([SELLION, 6, 8, 193, 417, 122, 351, 197, 245, 465])
TINY = 1e-12


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Where a head is: p_optical = rotation p_face + position.

    Attributes:
        rotation: (3, 3) optical axes from face axes.
        position_m: (3,) of the sellion in the optical frame, m.
    """

    rotation: Float64
    position_m: Float64

    def in_optical_frame(self, points_m: Float64) -> Float64:
        """Return (..., 3) points in face axes as the camera sees them, m."""
        points: Float64 = points_m @ self.rotation.T + self.position_m
        return points

    @property
    def sight(self) -> Float64:
        """Unit vector (3,) from the sellion to the camera, face axes."""
        sight: Float64 = -self.position_m @ self.rotation / np.linalg.norm(self.position_m)
        return sight

    @property
    def view_angle_rad(self) -> float:
        """Angle between the face's x axis and the line from the sellion to the camera."""
        return float(np.arccos(np.clip(self.sight[0], -1, 1)))

    def turned(self, rotation: Float64) -> HeadPose:
        """Return the pose in axes that `rotation` (3, 3) turns those of this one into."""
        return HeadPose(rotation @ self.rotation, rotation @ self.position_m)


def fit_head_pose(view: FaceView, shape_m: Float64) -> HeadPose:
    """Return the pose at which a shape is seen where the landmarks are.

    Least squares of the landmarks' distances from their rays at the head, m, by Gauss-Newton with
    Huber's loss and `weights_seen_from`. It starts where the mesh, its z included, fits the
    shape: seen from afar two poses of a nearly flat face fit nearly as well, and z tells them
    apart. So a pose owes nothing to the one before, and cannot hang in a wrong one.

    Args:
        view: Of 468 landmarks or more.
        shape_m: (468, 3) m, face axes.

    Returns:
        The pose in the optical frame of the view (see `HeadPose.turned`).
    """
    seen = view.points[:, :MESH_LANDMARKS]
    pose = _aligned(seen, shape_m, weights_seen_from(None))
    weights = weights_seen_from(pose.sight)
    for _ in range(MAX_STEPS):
        jacobian, residuals = linearised(pose, shape_m, seen)
        weighed = (jacobian * robust_weights(weights, residuals)).reshape(6, -1)
        normal, gradient = weighed @ jacobian.reshape(6, -1).T, weighed @ residuals.ravel()
        step = np.asarray(-np.linalg.solve(normal, gradient), np.float64)
        pose = HeadPose(rotation_from_vector(step[3:]) @ pose.rotation, pose.position_m + step[:3])
        if np.abs(step).max() < CONVERGED:
            break
    return pose


def moved_to_sellion(pose: HeadPose, view: FaceView, shape_m: Float64) -> HeadPose:
    """Return the pose moved across the line of sight to where the ridge of the nose is seen.

    The whole face says best how a head is turned and how far it is; where its sellion is, the
    landmarks about it say better, whatever the proportions of the rest.
    """
    _, residuals = linearised(pose, shape_m[ABOUT_SELLION], view.points[:, ABOUT_SELLION])
    shift = np.append(residuals.mean(axis=1), 0)
    return HeadPose(pose.rotation, pose.position_m - shift)


def linearised(pose: HeadPose, shape_m: Float64, seen: Float64) -> tuple[Float64, Float64]:
    """Return how far landmarks are from their rays, and how that changes with the pose.

    A residual is an error in the image plane times the distance of the head.

    Args:
        pose: In the optical frame of the view.
        shape_m: (L, 3) m, face axes.
        seen: (3, L) or (2, L), see `FaceView.points`.

    Returns:
        Derivatives (6, 2, L) by position and by rotation about the optical axes, m and rad, and
        residuals (2, L) m.
    """
    turned = pose.rotation @ shape_m.T
    distance = pose.position_m[2]
    gain = distance / (turned[2] + distance)
    plane = (turned[:2] + pose.position_m[:2, None]) * (gain / distance)
    from_x, from_y, from_z = turned * gain
    jacobian = np.zeros((6, *plane.shape))
    jacobian[0, 0] = jacobian[1, 1] = gain
    np.multiply(plane, -gain, out=jacobian[2])
    np.multiply(plane, -from_y, out=jacobian[3])
    np.multiply(plane, from_x, out=jacobian[4])
    jacobian[3, 1] -= from_z
    jacobian[4, 0] += from_z
    jacobian[5, 0], jacobian[5, 1] = -from_y, from_x
    return jacobian, (plane - seen[:2]) * distance


def robust_weights(weights: Float64, residuals: Float64) -> Float64:
    """Return the weights (L,) of residuals (2, L) m under Huber's loss."""
    errors = np.sqrt(residuals[0] ** 2 + residuals[1] ** 2)
    robust: Float64 = weights * np.minimum(1, HUBER_M / np.maximum(errors, TINY))
    return robust


def rotation_from_vector(vector: Float64) -> Float64:
    """Return the rotation about a vector (3,) by its length, rad (Rodrigues)."""
    angle = np.sqrt(vector @ vector)
    x, y, z = vector / max(angle, TINY)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    rotation: Float64 = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return rotation


def _aligned(seen: Float64, shape_m: Float64, weights: Float64) -> HeadPose:
    """Return the pose by similarity of the shape to the mesh (Umeyama 1991), perspective aside."""
    share = weights / weights.sum()
    middle, own_middle = seen @ share, share @ shape_m
    centred, own = seen - middle[:, None], shape_m - own_middle
    left, stretch, right = np.linalg.svd((centred * share) @ own)
    if np.linalg.det(left @ right) < 0:  # no mirroring
        left[:, 2] *= -1
        stretch[2] *= -1
    rotation = left @ right
    distance = float(share @ np.sum(own**2, axis=1)) / float(np.sum(stretch))
    at = np.array([middle[0], middle[1], 1.0]) * distance
    return HeadPose(rotation, at - rotation @ own_middle)
