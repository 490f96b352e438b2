"""The observed landmarks in metres: each on its own ray, as far as head and mesh say."""

from __future__ import annotations

import numpy as np

from facemesh_ros.attributes.face_view import FaceView, ones
from facemesh_ros.attributes.head_pose import HeadPose, rotation_by_moments
from facemesh_ros.attributes.landmark_weights import rigid_landmarks, rigid_weights
from facemesh_ros.geometry.canonical_face import IRIS_LANDMARKS, MESH_LANDMARKS
from facemesh_ros.geometry.shape_model import IRIS_DISTANCE_M
from facemesh_ros.types import Float64


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
    placed = in_view.rotation @ shape_m.T
    placed += in_view.position_m[:, None]
    rigid_placed = placed.take(rigid, 1)
    middle = rigid_placed @ weights
    mesh = view.points * middle[2]
    mesh[:2, :MESH_LANDMARKS] *= placed[2] / middle[2]  # perspective
    rigid_mesh = mesh.take(rigid, 1)
    rigid_mesh *= weights
    mesh_middle = rigid_mesh @ ones(len(rigid))
    moments = rigid_mesh @ rigid_placed.T - mesh_middle[:, None] * middle
    toward = rotation_by_moments(moments)[0][:, 2]
    ranges = toward @ mesh
    ranges += middle[2] - toward @ mesh_middle
    ranges /= view.rays @ view.rotation[:, 2]
    if len(ranges) > MESH_LANDMARKS:
        ranges[MESH_LANDMARKS:] = _ranges_of_irises(view.rays[MESH_LANDMARKS:], eyeballs_m)
    points_m: Float64 = view.rays * ranges[:, None]
    return points_m


def _ranges_of_irises(rays: Float64, centres_m: Float64) -> Float64:
    """Return how far along (10, 3) rays the near side of the eyeball is, or the nearest to it."""
    of_eyes = rays.reshape(2, IRIS_LANDMARKS // 2, 3)
    along = (of_eyes @ centres_m[:, :, None])[..., 0]
    squares = np.array([[x * x + y * y + z * z] for x, y, z in centres_m.tolist()])
    near = np.maximum(along * along + (IRIS_DISTANCE_M**2 - squares), 0)
    ranges: Float64 = along - np.sqrt(near)
    return ranges.ravel()
