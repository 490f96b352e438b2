"""Fits the canonical face to landmarks, which splits them into a head pose and a face shape."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

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
# Volume of the fitted axes below which a face is flat, relative to that of a face of its size.
MIN_VOLUME = 1e-3
# The components of a head's motion: the elements of D F⁻¹ (see `motion_from_changes`) in each of
# their coordinates, by sign, row and column. A real motion has few of them, noise has all.
COMPONENTS = {
    'shift': (['+03'], ['+13']),
    'depth shift': (['+23'],),
    'zoom': (['+00', '+11'],),
    'roll': (['+10', '-01'],),
    'stretch': (['+00', '-11'], ['+01', '+10']),
    'tilt': (['+02'], ['+12']),
    'depth tilt': (['+20'], ['+21']),
    'depth stretch': (['+22'],),
}
COORDINATES = 12


@dataclass(frozen=True, slots=True)
class HeadAlignments:
    """Affine maps y = A x + b of N heads, from head coordinates x to the image y.

    Attributes:
        affines: (N, 3, 4) px; the columns of A are the images of the head's axes (x to the
            subject's left, y up, z out of the face), each as long as the face extends along it
            (root mean square); the last column is b, the head's centre.
        eye_distances_px: (N,) distance between the outer eye corners that the head would have
            frontally.
        frames: (N, 4, 4) px, in which heads move: A, and the eye distance for shifts.
        are_invertible: (N,) whether A has an inverse: not if all landmarks lie in a plane.
    """

    affines: Float64
    eye_distances_px: Float64
    frames: Float64
    are_invertible: NDArray[np.bool_]


def align_heads(landmarks: Float64) -> HeadAlignments:
    """Fit the canonical face C to N faces by weighted linear least squares.

    Minimises `Σ wᵢ |A Cᵢ + b − yᵢ|²`. Affine maps, not rotations: a person's proportions and the
    perspective then belong to the motion, the fit is one matrix product, and it takes no
    iterations. Landmarks that expressions move have no weight, those of the jaw little.

    Args:
        landmarks: (N, 3, L) px; L is 468 or 478.

    Example:
        >>> face = 1000 * load_topology().canonical_vertices_m.T[None].astype(float)
        >>> near, far = align_heads(2 * face + 7), align_heads(face)
        >>> (near.eye_distances_px / far.eye_distances_px).round(3).tolist()
        [2.0]
    """
    canonical = _canonical()
    affines = landmarks[..., :MESH_LANDMARKS] @ canonical.fit
    axes = affines[:, :2, :3] / canonical.extents_m
    # For axes at right angles this is the scale of the projection, however they are rotated.
    scales = np.sqrt(0.5 * np.einsum('nca,nca->n', axes, axes))
    eye_distances_px = scales * canonical.eye_distance_m
    frames = np.zeros((len(affines), 4, 4))
    frames[:, :3, :3] = affines[..., :3]
    frames[:, 3, 3] = eye_distances_px
    are_invertible = np.abs(np.linalg.det(affines[..., :3])) > (
        MIN_VOLUME * canonical.volume_m3 * scales**3
    )
    return HeadAlignments(affines, eye_distances_px, frames, are_invertible)


def image_from_head(affines: Float64, shapes: Float64) -> Float64:
    """Map face shapes (N, 3, L) in head coordinates to landmarks in px, y = A x + b."""
    landmarks: Float64 = affines[..., :3] @ shapes
    landmarks += affines[..., 3:]
    return landmarks


def motion_from_changes(changes: Float64, inverses: Float64) -> Float64:
    """Return the coordinates (N, 12) of changes D (N, 3, 4) px of affine maps, given F⁻¹.

    Example: a head that grows by a hundredth zooms, whichever way it is turned.
        >>> affine = np.array([[[0.0, -9, 0, 0], [9, 0, 0, 0], [0, 0, 9, 0]]])
        >>> inverses = np.linalg.inv(np.vstack([affine[0], [0, 0, 0, 1]]))[None]
        >>> motion = motion_from_changes(affine / 100, inverses)
        >>> [list(COMPONENTS)[each] for each in component_of_coordinate()[motion[0] != 0]]
        ['zoom', 'depth stretch']
    """
    motion: Float64 = (changes @ inverses).reshape(-1, COORDINATES) @ _forms().T
    return motion


def changes_from_motion(motion: Float64, frames: Float64) -> Float64:
    """Return the changes (..., N, 3, 4) px of affine maps with coordinates (..., N, 12)."""
    changes: Float64 = (motion @ _forms()).reshape(*motion.shape[:-1], 3, 4) @ frames
    return changes


@cache
def component_of_coordinate() -> NDArray[np.intp]:
    """Return which of `COMPONENTS` each of the 12 coordinates belongs to."""
    return np.repeat(np.arange(len(COMPONENTS)), [len(forms) for forms in COMPONENTS.values()])


@cache
def _forms() -> Float64:
    """Return (12, 12): the coordinates by the elements of D F⁻¹; orthonormal, so Tᵀ inverts it."""
    forms = [form for component in COMPONENTS.values() for form in component]
    matrix = np.zeros((COORDINATES, 3, 4))
    for coordinate, form in zip(matrix, forms, strict=True):
        for element in form:
            row, column = int(element[1]), int(element[2])
            coordinate[row, column] = float(f'{element[0]}1') / len(form) ** 0.5
    return matrix.reshape(COORDINATES, -1)


@dataclass(frozen=True, slots=True)
class _Canonical:
    """The least squares against the canonical face, prepared.

    Attributes:
        fit: (468, 4), maps the landmarks of a face to its affine map.
        extents_m: (3,) root mean square of the face along each axis.
        eye_distance_m: Between the outer eye corners.
        volume_m3: Product of the three extents.
    """

    fit: Float64
    extents_m: Float64
    eye_distance_m: float
    volume_m3: float


@cache
def _canonical() -> _Canonical:
    vertices: Float32 = load_topology(MESH_LANDMARKS).canonical_vertices_m
    groups = landmark_groups(MESH_LANDMARKS).group_of_landmark
    weights = np.where(groups == SKIN, 1.0, np.where(groups == JAW, JAW_WEIGHT, 0.0))
    weights /= weights.sum()
    centred = vertices - weights @ vertices
    extents_m = np.sqrt(weights @ centred**2)
    model = np.column_stack([centred / extents_m, np.ones(MESH_LANDMARKS)])
    weighted = weights[:, None] * model
    fit = np.linalg.solve(weighted.T @ model, weighted.T).T.copy()
    eyes = vertices[LEFT_EYE_OUTER_CORNER] - vertices[RIGHT_EYE_OUTER_CORNER]
    return _Canonical(fit, extents_m, float(np.linalg.norm(eyes)), float(np.prod(extents_m)))
