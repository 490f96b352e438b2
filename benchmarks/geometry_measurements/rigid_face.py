"""How far the rigid face lies from what a depth image shows there."""

from __future__ import annotations

import numpy as np

from facemesh_ros.geometry.canonical_face import (
    FACE_REGION,
    MESH_LANDMARKS,
    UPPER_LIP,
    canonical_face_m,
    load_topology,
)
from facemesh_ros.types import Float32, Float64

RIGID_REGIONS = (FACE_REGION, 'nose')
# The rigid face is compared where it turns less than this away from the camera, as a cosine.
MIN_FACING = 0.5
WINDOW_PX = 2  # on each side of a landmark


def rigid_differences(landmarks: Float32, landmarks_m: Float32, depth_m: Float32) -> Float64:
    """Return how far visible rigid landmarks are from the median of the depth around them, m.

    Args:
        landmarks: (L, 3) px.
        landmarks_m: (L, 3) m in the optical frame.
        depth_m: (H, W); 0 or NaN where nothing is known. Landmarks without known depth in the
            window around them are left out.
    """
    points = landmarks_m[:MESH_LANDMARKS].astype(float)
    differences = []
    for index in np.flatnonzero(rigid_landmarks() & (facing_camera(points) > MIN_FACING)):
        x, y = np.rint(landmarks[index, :2]).astype(int)
        top, left = max(y - WINDOW_PX, 0), max(x - WINDOW_PX, 0)
        around = depth_m[top : y + WINDOW_PX + 1, left : x + WINDOW_PX + 1]
        known = around[around > 0]
        if known.size > around.size / 2:
            differences.append(points[index, 2] - float(np.median(known)))
    return np.array(differences)


def rigid_landmarks() -> np.ndarray:
    """Return which of the 468 landmarks lie on skin that expressions hardly move, (468,) bool."""
    topology = load_topology(MESH_LANDMARKS)
    heights = canonical_face_m()[:, 2]
    rigid = [topology.region_names.index(name) for name in RIGID_REGIONS]
    is_skin = np.isin(topology.region_of_landmark[:MESH_LANDMARKS], rigid)
    return np.asarray(is_skin & (heights > heights[UPPER_LIP]))


def facing_camera(points_m: Float64) -> Float64:
    """Return the cosine between each landmark's normal and the line to the camera, (468,)."""
    corners = points_m[load_topology(MESH_LANDMARKS).triangles.astype(int)]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    of_landmarks = np.zeros_like(points_m)
    for corner in range(3):
        np.add.at(
            of_landmarks,
            load_topology(MESH_LANDMARKS).triangles[:, corner].astype(int),
            normals,
        )
    lengths = np.linalg.norm(of_landmarks, axis=1) * np.linalg.norm(points_m, axis=1)
    cosines: Float64 = -(of_landmarks * points_m).sum(axis=1) / lengths
    return cosines
