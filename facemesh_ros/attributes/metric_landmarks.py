"""The observed landmarks in metres: each on its own ray, as far as head and mesh say."""

from __future__ import annotations

import numpy as np

from facemesh_ros.attributes.face_view import FaceView
from facemesh_ros.attributes.head_pose import HeadPose, landmark_weights
from facemesh_ros.geometry.canonical_face import MESH_LANDMARKS
from facemesh_ros.types import Float64


def landmarks_on_rays(view: FaceView, pose: HeadPose, shape_m: Float64) -> Float64:
    """Return the observed landmarks in the optical frame, (L, 3) m.

    Each is on its own ray, so it projects back to its pixel. How far along it says the mesh's z,
    first turned as the head is, and then put as far away as the head is: an open mouth is open.

    Args:
        view: Of L landmarks.
        pose: Of the head in the optical frame.
        shape_m: (468, 3) m, face axes.
    """
    weights = landmark_weights()
    share = weights / weights.sum()
    placed = pose.in_optical_frame(shape_m) @ view.rotation
    middle = share @ placed
    mesh = view.points * middle[2]
    mesh = mesh - (mesh[:, :MESH_LANDMARKS] @ share)[:, None]
    turn = _rotation_between(mesh[:, :MESH_LANDMARKS], placed - middle, share)
    depths = middle[2] + turn[2] @ mesh
    forward = view.rays @ view.rotation[:, 2]
    points_m: Float64 = view.rays * (depths / forward)[:, None]
    return points_m


def _rotation_between(mesh: Float64, placed: Float64, share: Float64) -> Float64:
    """Return the rotation that takes (3, L) centred points to (L, 3) ones (Kabsch 1976)."""
    left, _, right = np.linalg.svd((mesh * share) @ placed)
    right[2] *= np.sign(np.linalg.det(left @ right))
    rotation: Float64 = (left @ right).T
    return rotation
