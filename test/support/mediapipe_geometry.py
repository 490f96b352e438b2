"""MediaPipe's face geometry: its virtual camera, its matrix, and how that comes from landmarks.

Its camera looks along -z with y up and x to the right, in cm; its canonical face has x to the
subject's left, y up and z out of the face.

Source: MediaPipe `modules/face_geometry/libs/geometry_pipeline.cc`, `procrustes_solver.cc` and
`face_geometry_from_landmarks_graph.cc` describe the method; this is written anew.
"""

from __future__ import annotations

import math

import numpy as np

from facemesh_ros.attributes.head_pose import HeadPose
from facemesh_ros.geometry.canonical_face import MESH_LANDMARKS, SELLION, load_topology
from facemesh_ros.types import Float32, Float64

VERTICAL_FOV_RAD = math.radians(63)
NEAR_CM = 1.0
CM_PER_M = 100.0
OPTICAL_FROM_CAMERA = np.diag([1.0, -1, -1])
# Columns: the axes out of the face, to its left and up, in those of the canonical face.
CANONICAL_FROM_FACE = np.array([[0.0, 1, 0], [0, 0, 1], [1, 0, 0]])


def pose_from_matrix(matrix: Float32 | Float64) -> HeadPose:
    """Return the pose that a matrix says: camera from canonical face, (4, 4), cm."""
    matrix = np.asarray(matrix, float)
    turn = OPTICAL_FROM_CAMERA @ matrix[:3, :3]
    at_cm = turn @ _canonical_cm()[SELLION] + OPTICAL_FROM_CAMERA @ matrix[:3, 3]
    return HeadPose(turn @ CANONICAL_FROM_FACE, at_cm / CM_PER_M)


def matrix_from_landmarks(
    landmarks: Float32 | Float64, image_wh: tuple[int, int], fov_rad: float = VERTICAL_FOV_RAD
) -> Float64:
    """Return the matrix that MediaPipe gives for landmarks.

    The landmarks are put on the near plane of the virtual camera, with their z in the same unit.
    How large the canonical face is there, by a weighted similarity, says how far away it is; then
    they are moved to that distance along their lines of sight. This is done twice, and a rigid
    fit of the result is the matrix.

    Args:
        landmarks: (L, 3) px.
        image_wh: px.
        fov_rad: Vertical field of view of the camera.

    Returns:
        (4, 4) camera from canonical face, cm.
    """
    width, height = image_wh
    unit = 2 * NEAR_CM * math.tan(fov_rad / 2) / height
    # Pixel positions of MediaPipe are shares of the sides, the corner being (0, 0).
    on_plane = (landmarks[:MESH_LANDMARKS] - [width / 2, height / 2, 0]) * [unit, -unit, unit]
    middle = on_plane[:, 2].mean()
    scale = _similarity(on_plane * [1, 1, -1])[0]
    for _ in range(2):
        depth_cm = (on_plane[:, 2] - middle + NEAR_CM) / scale
        xy_cm = on_plane[:, :2] * depth_cm[:, None] / NEAR_CM
        points_cm = np.column_stack([xy_cm, -depth_cm])
        rest, rotation, translation = _similarity(points_cm)
        scale *= rest
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation * rest, translation
    return matrix


def _canonical_cm() -> Float64:
    return load_topology(MESH_LANDMARKS).canonical_vertices_m.astype(float) * CM_PER_M


def _similarity(points: Float64) -> tuple[float, Float64, Float64]:
    """Return scale, rotation and translation that take the canonical face to points (468, 3).

    Source: S. Umeyama, Least-squares estimation of transformation parameters between two point
    patterns, PAMI 13(4), 1991, with MediaPipe's weights.
    """
    share = load_topology(MESH_LANDMARKS).procrustes_weights.astype(float)
    share = share / share.sum()
    face = _canonical_cm()
    centre, own_centre = share @ points, share @ face
    centred, own = points - centre, face - own_centre
    left, stretch, right = np.linalg.svd((centred * share[:, None]).T @ own)
    mirror = np.diag([1, 1, np.sign(np.linalg.det(left @ right))])
    rotation = left @ mirror @ right
    scale = float(np.trace(mirror @ np.diag(stretch)) / (share @ (own**2).sum(axis=1)))
    return scale, rotation, centre - scale * rotation @ own_centre
