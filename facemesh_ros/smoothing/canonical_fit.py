"""The least squares that lay the canonical face on landmarks, prepared."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from facemesh_ros.geometry.canonical_face import (
    LEFT_EYE_OUTER_CORNER,
    MESH_LANDMARKS,
    RIGHT_EYE_OUTER_CORNER,
    load_topology,
)
from facemesh_ros.smoothing.landmark_groups import JAW, SKIN, landmark_groups
from facemesh_ros.types import Float32, Float64

# What moves the mouth moves the jaw too, so it says less about the head.
JAW_WEIGHT = 0.15


@dataclass(frozen=True, slots=True)
class CanonicalFit:
    """Weighted linear least squares of affine maps, `Σ wᵢ |A Cᵢ + b − yᵢ|²`.

    Affine maps, not rotations: a person's proportions and the perspective then belong to the
    motion, the fit is one matrix product, and it takes no iterations. Landmarks that expressions
    move have no weight, those of the jaw little.

    Attributes:
        fit: (468, 4), maps the landmarks y of a face, (3, 468), to [A | b]; the columns of A are
            the images of the head's axes (x to the subject's left, y up, z out of the face), each
            as long as the face extends along it, and b is the head's centre.
        extents_m: (3,) root mean square of the face along each axis.
        eye_distance_m: Between the outer eye corners.
    """

    fit: Float64
    extents_m: Float64
    eye_distance_m: float


@cache
def canonical_fit() -> CanonicalFit:
    """Return the fit of the canonical face."""
    vertices: Float32 = load_topology(MESH_LANDMARKS).canonical_vertices_m
    groups = landmark_groups(MESH_LANDMARKS)
    weights = np.where(groups == SKIN, 1.0, np.where(groups == JAW, JAW_WEIGHT, 0.0))
    weights /= weights.sum()
    centred = vertices - weights @ vertices
    extents_m = np.sqrt(weights @ centred**2)
    model = np.column_stack([centred / extents_m, np.ones(MESH_LANDMARKS)])
    weighted = weights[:, None] * model
    fit = np.linalg.solve(weighted.T @ model, weighted.T).T.copy()
    eyes = vertices[LEFT_EYE_OUTER_CORNER] - vertices[RIGHT_EYE_OUTER_CORNER]
    return CanonicalFit(fit, extents_m, float(np.linalg.norm(eyes)))
