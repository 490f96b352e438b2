"""The pose of a head of known shape, from the directions in which its landmarks are seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from facemesh_ros.attributes.face_view import FaceView
from facemesh_ros.geometry.canonical_face import (
    MESH_LANDMARKS,
    UPPER_LIP,
    canonical_face_m,
    load_topology,
)
from facemesh_ros.types import Float64

MAX_STEPS = 6
CONVERGED = 1e-6  # m and rad
# Beyond this distance a landmark is no longer where the shape has it: an open mouth, a hand.
HUBER_M = 0.006
# What moves with expressions, and what is an outline rather than a point, says less of the pose.
REGION_WEIGHTS = {
    'face_oval': 0.3,
    'lips': 0.3,
    'left_eyebrow': 0.5,
    'right_eyebrow': 0.5,
}
CHIN_WEIGHT = 0.4
# A landmark that faces away from the camera is guessed, not seen.
FAR_SIDE_WEIGHT = 0.2


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
    def view_angle_rad(self) -> float:
        """Angle between the face's x axis and the line from the sellion to the camera."""
        cosine = -self.rotation[:, 0] @ self.position_m / np.linalg.norm(self.position_m)
        return float(np.arccos(np.clip(cosine, -1, 1)))

    def turned(self, rotation: Float64) -> HeadPose:
        """Return the pose in axes that `rotation` (3, 3) turns those of this one into."""
        return HeadPose(rotation @ self.rotation, rotation @ self.position_m)


@cache
def landmark_weights() -> Float64:
    """Return how much each of the 468 landmarks says of the pose, read-only."""
    topology = load_topology(MESH_LANDMARKS)
    weights = np.array([REGION_WEIGHTS.get(name, 1.0) for name in topology.region_names])[
        topology.region_of_landmark
    ]
    heights = canonical_face_m()[:, 2]
    chin = (topology.region_of_landmark == 0) & (heights < heights[UPPER_LIP])
    weights[chin] = CHIN_WEIGHT
    weights.setflags(write=False)
    return weights


def fit_head_pose(view: FaceView, shape_m: Float64) -> HeadPose:
    """Return the pose at which a shape is seen where the landmarks are.

    Least squares of the landmarks' distances from their rays at the head, in metres, weighed
    (`landmark_weights`) and with Huber's loss. It starts where the mesh, its z included, fits the
    shape: near a plane seen from afar two poses fit nearly as well, and z tells them apart.

    Args:
        view: Of the 468 landmarks or more.
        shape_m: (468, 3) m, face axes.

    Returns:
        The pose in the optical frame of the real camera.
    """
    weights = landmark_weights()
    seen = view.points[:, :MESH_LANDMARKS]
    pose = _aligned(seen, shape_m, weights)
    weights = weights * _far_side(pose, shape_m)
    for _ in range(MAX_STEPS):
        jacobian, residuals = _linearised(pose, shape_m, seen)
        errors = np.sqrt(np.einsum('ij,ij->j', residuals, residuals))
        robust = weights * np.minimum(1, HUBER_M / np.maximum(errors, HUBER_M / 1e6))
        weighed = (jacobian * robust).reshape(6, -1)
        step = -np.linalg.solve(weighed @ jacobian.reshape(6, -1).T, weighed @ residuals.ravel())
        pose = HeadPose(rotation_from_vector(step[3:]) @ pose.rotation, pose.position_m + step[:3])
        if np.abs(step).max() < CONVERGED:
            break
    return pose.turned(view.rotation)


def rotation_from_vector(vector: Float64) -> Float64:
    """Return the rotation about a vector (3,) by its length, rad (Rodrigues)."""
    angle = np.sqrt(vector @ vector)
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = vector / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    rotation: Float64 = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return rotation


def _aligned(seen: Float64, shape_m: Float64, weights: Float64) -> HeadPose:
    """Return the pose by similarity of the shape to the mesh (Umeyama 1991), perspective aside."""
    share = weights / weights.sum()
    middle, own_middle = seen @ share, share @ shape_m
    centred, own = seen - middle[:, None], shape_m - own_middle
    left, stretch, right = np.linalg.svd((centred * share) @ own)
    stretch[2] *= np.sign(np.linalg.det(left @ right))
    left[:, 2] *= np.sign(stretch[2]) or 1.0
    rotation = left @ right
    distance = share @ np.einsum('ij,ij->i', own, own) / stretch.sum()
    at = np.array([middle[0], middle[1], 1.0]) * distance
    return HeadPose(rotation, at - rotation @ own_middle)


def _far_side(pose: HeadPose, shape_m: Float64) -> Float64:
    """Return FAR_SIDE_WEIGHT to 1 for each landmark, by how far it faces the camera."""
    return np.ones(len(shape_m))


def _linearised(pose: HeadPose, shape_m: Float64, seen: Float64) -> tuple[Float64, Float64]:
    """Return derivatives (6, 2, L) by position and rotation, and residuals (2, L), m.

    A residual is the image plane's error times the distance: how far a landmark is from its ray.
    """
    turned = pose.rotation @ shape_m.T
    placed = turned + pose.position_m[:, None]
    distance = pose.position_m[2]
    plane = placed[:2] / placed[2]
    gain = distance / placed[2]
    from_x, from_y, from_z = turned * gain
    jacobian = np.zeros((6, *plane.shape))
    jacobian[0, 0] = jacobian[1, 1] = gain
    jacobian[2] = -gain * plane
    jacobian[3] = -plane * from_y
    jacobian[3, 1] -= from_z
    jacobian[4] = plane * from_x
    jacobian[4, 0] += from_z
    jacobian[5, 0], jacobian[5, 1] = -from_y, from_x
    return jacobian, (plane - seen[:2]) * distance
