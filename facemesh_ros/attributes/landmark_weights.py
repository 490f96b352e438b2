"""Which of the 468 landmarks say how a head is turned, and how much."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.canonical_face import (
    LIP_REGIONS,
    MESH_LANDMARKS,
    UPPER_LIP,
    canonical_face_m,
    load_topology,
)
from facemesh_ros.types import Float64

BROWS = ('left_eyebrow', 'right_eyebrow')
BROW_WEIGHT = 0.3  # they move, though not far
# A landmark on the side that faces away is guessed, not seen: cosines between its normal and the
# line to the camera at which it counts for nothing more than FAR_WEIGHT, and fully.
FAR_WEIGHT = 0.05
FAR_COSINES = (-0.05, 0.25)
FACING_GAIN = (1 - FAR_WEIGHT) / (FAR_COSINES[1] - FAR_COSINES[0])


@cache
def rigid_landmarks() -> NDArray[np.intp]:
    """Return the R landmarks that keep their place on the skull, (R,) ascending, read-only.

    Not the lips and what is below them, which expressions move, and not the oval, which is an
    outline rather than points of the skin.
    """
    topology = load_topology(MESH_LANDMARKS)
    left_out = [topology.region_names.index(name) for name in (*LIP_REGIONS, 'face_oval')]
    heights = canonical_face_m()[:, 2]
    chin = (topology.region_of_landmark == 0) & (heights < heights[UPPER_LIP])
    landmarks = np.flatnonzero(~(np.isin(topology.region_of_landmark, left_out) | chin))
    landmarks.setflags(write=False)
    return landmarks


@cache
def rigid_weights() -> Float64:
    """Return the weights (R,) of the rigid landmarks, their sum 1, read-only."""
    topology = load_topology(MESH_LANDMARKS)
    brows = [topology.region_names.index(name) for name in BROWS]
    is_brow = np.isin(topology.region_of_landmark[rigid_landmarks()], brows)
    weights = np.where(is_brow, BROW_WEIGHT, 1.0)
    weights /= weights.sum()
    weights.setflags(write=False)
    return weights


def weights_seen_from(sight: Float64) -> Float64:
    """Return `rigid_weights`, less of those that face away.

    Args:
        sight: Unit vector (3,) to the camera, face axes.
    """
    facing = _scaled_normals() @ sight
    facing += FAR_WEIGHT - FAR_COSINES[0] * FACING_GAIN
    np.maximum(facing, FAR_WEIGHT, out=facing)
    np.minimum(facing, 1, out=facing)
    facing *= rigid_weights()
    return facing


@cache
def _scaled_normals() -> Float64:
    """Return the outward normals (R, 3) of the canonical face, face axes, FACING_GAIN long."""
    face_m = canonical_face_m()
    triangles = load_topology(MESH_LANDMARKS).triangles.astype(np.intp)
    first, second, third = (face_m[triangles[:, corner]] for corner in range(3))
    normals = np.zeros_like(face_m)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], np.cross(second - first, third - first))
    normals = normals[rigid_landmarks()]
    normals *= FACING_GAIN / np.linalg.norm(normals, axis=1, keepdims=True)
    normals.setflags(write=False)
    return normals
