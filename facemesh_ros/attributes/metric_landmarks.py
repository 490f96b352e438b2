"""The observed landmarks in metres: each on its own ray, as far as head and mesh say."""

from __future__ import annotations

import numpy as np

from facemesh_ros.attributes.face_view import FaceView
from facemesh_ros.attributes.head_pose import HeadPose, rotation_by_moments
from facemesh_ros.attributes.head_shape import HeadShape
from facemesh_ros.geometry.canonical_face import IRIS_LANDMARKS, MESH_LANDMARKS
from facemesh_ros.geometry.shape_model import IRIS_DISTANCE_M
from facemesh_ros.types import Float64


def landmarks_on_rays(
    view: FaceView, pose: HeadPose, head: HeadShape, eyeballs_m: Float64
) -> Float64:
    """Return the observed landmarks in the optical frame, (L, 3) m.

    Each is on its own ray, so it projects back to its pixel. How far along it is the mesh's z,
    as expressions move it, once the mesh is turned as the head is and put where the head is: the
    landmark model sees a turned head too frontal in z, too.

    Args:
        view: Of L landmarks.
        pose: Of the head in the optical frame of the view.
        head: Its shape.
        eyeballs_m: (2, 3) centres of the right and the left eyeball in the optical frame of the
            camera, m; the irises, if there are any, are on them.
    """
    along = pose.rotation[2]
    depths = along @ head.points[:3]
    depths += pose.position_m[2]
    middle = float(along @ head.middle_m + pose.position_m[2])
    mesh = view.points[:, :MESH_LANDMARKS] * middle
    mesh[:2] *= depths / middle  # perspective
    moments = mesh @ head.weighed_points
    toward = rotation_by_moments(moments[:, :3])[0] @ along
    ranges = view.rays @ view.rotation[:, 2]
    depths = toward @ mesh
    depths += middle - float(toward @ moments[:, 3])
    np.divide(depths, ranges[:MESH_LANDMARKS], out=ranges[:MESH_LANDMARKS])
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
