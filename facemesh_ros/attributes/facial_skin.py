"""Where a depth camera sees rigid skin, and how the depth of a face may differ from the mesh."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.canonical_face import (
    FACE_REGION,
    MESH_LANDMARKS,
    canonical_face_m,
    load_topology,
)
from facemesh_ros.types import Float64

# Skin that near to the outline may be hair, ear or background.
OUTLINE_MARGIN_M = 0.010
# Lids, lashes and the edge of glasses are that near to the eyes.
EYE_MARGIN_M = 0.004
# Below the sellion by more than this, the skin goes along with jaw and lips.
RIGID_ABOVE_M = -0.045
RIGID_REGIONS = (FACE_REGION, 'nose', 'left_eyebrow', 'right_eyebrow')
EYES, OUTLINE = ('left_eye', 'right_eye'), ('face_oval',)

# A depth image differs from the mesh by a tilt (σ 4°), by how flat the mesh is (σ 25 %), and by a
# smooth field (σ 5 mm, correlated over 25 mm).
TILT, FLATNESS, FIELD_M, FIELD_LENGTH_M = 0.07, 0.25, 0.005, 0.025
# The field's nodes, spread evenly over the skin.
_NODES = [4, 17, 66, 68, 123, 143, 151, 183, 193, 199, 205, 211]
_NODES += [213, 229, 295, 298, 308, 352, 372, 425, 431, 433, 449, 453]


@dataclass(frozen=True, slots=True)
class FacialSkin:
    """Tables of the 468 landmarks, read-only.

    Attributes:
        skin: Indices of landmarks on any skin: rigid, cheeks, lips, chin.
        is_rigid: (468,) whether each is on rigid skin: forehead, nose, upper cheeks.
        is_inner_lip: (468,) whether each borders the open mouth.
        normals: (n, 3) of the canonical face at `skin`, face axes.
        design_m: (468, 1 + K) m: how much farther each landmark may be along the line of sight:
            all by 1 m; then columns that are independent of each other, each by one standard
            deviation: tilts to the left and up, a flatter face, the field.
        low_m: (468, 4) the first of these columns, without the field.
    """

    skin: NDArray[np.intp]
    is_rigid: NDArray[np.bool_]
    is_inner_lip: NDArray[np.bool_]
    normals: Float64
    design_m: Float64
    low_m: Float64


@cache
def facial_skin() -> FacialSkin:
    """Return the tables; they are worked out once."""
    face_m = canonical_face_m()
    usable = _distances(face_m, OUTLINE) > OUTLINE_MARGIN_M
    usable &= _distances(face_m, EYES) > EYE_MARGIN_M
    rigid = usable & _in_regions(RIGID_REGIONS) & (face_m[:, 2] > RIGID_ABOVE_M)
    design_m = np.concatenate([np.ones((len(face_m), 1)), _basis(face_m)], axis=1)
    tables = (
        np.flatnonzero(usable),
        rigid,
        _in_regions(('lips_inner',)),
        _normals()[usable],
        design_m,
        design_m[:, :4].copy(),
    )
    for table in tables:
        table.setflags(write=False)
    return FacialSkin(*tables)


def _in_regions(names: tuple[str, ...]) -> NDArray[np.bool_]:
    topology = load_topology(MESH_LANDMARKS)
    return np.isin(topology.region_of_landmark, [topology.region_names.index(n) for n in names])


def _distances(face_m: Float64, regions: tuple[str, ...]) -> Float64:
    """Return how far each landmark is from regions as seen from in front, (468,) m."""
    others = face_m[_in_regions(regions)]
    distances: Float64 = np.linalg.norm(face_m[:, None, 1:] - others[:, 1:], axis=-1).min(axis=1)
    return distances


def _normals() -> Float64:
    face_m, triangles = canonical_face_m(), load_topology(MESH_LANDMARKS).triangles
    corners = face_m[triangles]
    of_triangles = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(face_m)
    np.add.at(normals, triangles, of_triangles[:, None])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return normals


def _basis(face_m: Float64) -> Float64:
    """Return tilts, flatness and the field, whitened: B Bᵀ is the field's covariance."""
    depth, left, up = (face_m - face_m.mean(axis=0)).T
    low = np.stack([TILT * left, TILT * up, FLATNESS * depth], axis=1)
    plane = face_m[:, 1:]
    field = FIELD_M * _field(plane, _NODES, FIELD_LENGTH_M)
    return np.concatenate([low, field], axis=1)


def _field(plane: Float64, nodes: list[int], length: float) -> Float64:
    """Return a smooth field of variance 1 by its values at nodes, whitened, (468, nodes)."""
    squares = ((plane[:, None] - plane[nodes]) ** 2).sum(axis=-1)
    kernel = np.exp(-squares / (2 * length**2))
    among = kernel[nodes] + 1e-6 * np.eye(len(nodes))
    field: Float64 = np.linalg.solve(np.linalg.cholesky(among), kernel.T).T
    return field
