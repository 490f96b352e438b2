"""The observed landmarks in metres: each on its own ray, as far as head and mesh say."""

from __future__ import annotations

import numpy as np

from facemesh_ros.attributes.face_view import FaceView
from facemesh_ros.attributes.head_pose import HeadPose
from facemesh_ros.attributes.landmark_weights import rigid_landmarks, rigid_weights
from facemesh_ros.geometry.canonical_face import IRIS_LANDMARKS, MESH_LANDMARKS
from facemesh_ros.types import Float64

# From the centre of the eyeball to the plane of the iris.
IRIS_DISTANCE_M = 0.0105


def landmarks_on_rays(
    view: FaceView, pose: HeadPose, shape_m: Float64, eyeballs_m: Float64
) -> Float64:
    """Return the observed landmarks in the optical frame, (L, 3) m.

    Each is on its own ray, so it projects back to its pixel. How far along it is the mesh's z,
    as expressions move it, once the mesh is turned as the head is and put where the head is: the
    landmark model sees a turned head too frontal in z, too.

    Args:
        view: Of L landmarks.
        pose: Of the head in the optical frame.
        shape_m: (468, 3) m, face axes.
        eyeballs_m: (2, 3) centres of the right and the left eyeball in the optical frame, m; the
            irises, if there are any, are on them.
    """
    rigid, weights = rigid_landmarks(), rigid_weights()
    in_view = pose.turned(view.rotation.T)
    placed = in_view.rotation @ shape_m.T + in_view.position_m[:, None]
    depths, placed = placed[2], placed[:, rigid]
    middle = placed @ weights
    mesh = view.points * middle[2]
    mesh[:2, :MESH_LANDMARKS] *= depths / middle[2]  # perspective
    rigid_mesh = mesh[:, rigid]
    mesh_middle = rigid_mesh @ weights
    moments = (rigid_mesh * weights) @ placed.T - np.outer(mesh_middle, middle)
    toward = _rotation_by_moments(moments)[2]
    depths = toward @ mesh + (middle[2] - toward @ mesh_middle)
    forward = view.rays @ view.rotation[:, 2]
    ranges = depths / forward
    if len(ranges) > MESH_LANDMARKS:
        centres_m = np.repeat(eyeballs_m, IRIS_LANDMARKS // 2, axis=0)
        ranges[MESH_LANDMARKS:] = _ranges_of_irises(view.rays[MESH_LANDMARKS:], centres_m)
    points_m: Float64 = view.rays * ranges[:, None]
    return points_m


def _ranges_of_irises(rays: Float64, centres_m: Float64) -> Float64:
    """Return how far along (10, 3) rays the near side of the eyeball is, or the nearest to it."""
    along = np.einsum('ij,ij->i', rays, centres_m)
    missed = np.einsum('ij,ij->i', centres_m, centres_m) - along**2
    ranges: Float64 = along - np.sqrt(np.maximum(IRIS_DISTANCE_M**2 - missed, 0))
    return ranges


def _rotation_by_moments(moments: Float64) -> Float64:
    """Return the rotation R that makes Σ pᵀ R q largest for moments Σ q pᵀ (Kabsch 1976)."""
    left, _, right = np.linalg.svd(moments)
    if np.linalg.det(left @ right) < 0:
        right[2] *= -1
    rotation: Float64 = (left @ right).T
    return rotation
