"""How much each of the 468 landmarks says of the pose of a head."""

from __future__ import annotations

from functools import cache

import numpy as np

from facemesh_ros.geometry.canonical_face import (
    MESH_LANDMARKS,
    UPPER_LIP,
    canonical_face_m,
    load_topology,
)
from facemesh_ros.types import Float64

# Expressions move the mouth, the chin and the brows, and the oval is an outline, not points of
# the skin. What keeps still decides; the others only help where it is hidden.
MOVING_WEIGHT = 0.02
BROW_WEIGHT = 0.3
# A landmark on the side that faces away is guessed, not seen: cosines between its normal and the
# line to the camera at which it counts for nothing more than FAR_WEIGHT, and fully.
FAR_WEIGHT = 0.05
FAR_COSINES = (-0.05, 0.25)


def weights_seen_from(sight: Float64 | None) -> Float64:
    """Return the weights (468,) of landmarks in [0, 1].

    Args:
        sight: Unit vector (3,) to the camera, face axes; None if it is not known yet.
    """
    if sight is None:
        return _rigid_weights()
    low, high = FAR_COSINES
    facing = (_normals() @ sight - low) * ((1 - FAR_WEIGHT) / (high - low))
    weights: Float64 = _rigid_weights() * np.clip(facing + FAR_WEIGHT, FAR_WEIGHT, 1)
    return weights


@cache
def _rigid_weights() -> Float64:
    topology = load_topology(MESH_LANDMARKS)
    by_region = {'face_oval': MOVING_WEIGHT, 'lips': MOVING_WEIGHT}
    by_region |= dict.fromkeys(('left_eyebrow', 'right_eyebrow'), BROW_WEIGHT)
    weight_of_region = np.array([by_region.get(name, 1.0) for name in topology.region_names])
    weights = weight_of_region[topology.region_of_landmark]
    heights = canonical_face_m()[:, 2]
    weights[(topology.region_of_landmark == 0) & (heights < heights[UPPER_LIP])] = MOVING_WEIGHT
    weights.setflags(write=False)
    return weights


@cache
def _normals() -> Float64:
    """Return the outward unit normals (468, 3) of the canonical face, face axes."""
    face_m = canonical_face_m()
    triangles = load_topology(MESH_LANDMARKS).triangles.astype(np.intp)
    first, second, third = (face_m[triangles[:, corner]] for corner in range(3))
    normals = np.zeros_like(face_m)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], np.cross(second - first, third - first))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    normals.setflags(write=False)
    return normals
