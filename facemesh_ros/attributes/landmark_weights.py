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


@cache
def rigid_normals() -> Float64:
    """Return the outward normals (R, 3) of the canonical face at the rigid landmarks, face axes.

    A landmark on the side that faces away is guessed, not seen: by the cosine between its normal
    and the line to the camera it counts for next to nothing at -.05, and fully from .25 on.
    """
    face_m = canonical_face_m()
    triangles = load_topology(MESH_LANDMARKS).triangles.astype(np.intp)
    first, second, third = (face_m[triangles[:, corner]] for corner in range(3))
    normals = np.zeros_like(face_m)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], np.cross(second - first, third - first))
    normals = normals[rigid_landmarks()]
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    normals.setflags(write=False)
    return normals
