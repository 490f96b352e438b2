"""The head as a body: where the canonical face lies in the image, and the face seen from there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.canonical_face import (
    LEFT_EYE_OUTER_CORNER,
    MESH_LANDMARKS,
    RIGHT_EYE_OUTER_CORNER,
    load_topology,
)
from facemesh_ros.smoothing.landmark_groups import landmark_groups
from facemesh_ros.types import Float32, Float64

# What moves the mouth moves the jaw too, so it says less about the head.
JAW_WEIGHT = 0.15
# Volume of the fitted axes below which a face is flat, against that of a face of its size.
MIN_VOLUME = 1e-3


@dataclass(frozen=True)
class HeadAlignments:
    """Affine maps of N heads, from the canonical face to the image.

    Attributes:
        maps: (N, 3, 4) px; columns are the images of three axes (x to the subject's left, y up,
            z out of the face), each as long as the face reaches along it (root mean square), and
            of the centre.
    """

    maps: Float64

    @cached_property
    def sizes(self) -> Float64:
        """Distance between the outer eye corners that a head would have frontally, (N,) px."""
        axes = self.maps[:, :2, :3] / _canonical().reaches_m
        # For axes at right angles this is the scale of the projection, however they are turned.
        scales: Float64 = np.sqrt(0.5 * np.einsum('nca,nca->n', axes, axes))
        return scales * _canonical().eye_distance_m

    @property
    def are_solid(self) -> NDArray[np.bool_]:
        """Whether a map can be inverted, (N,): not so if all landmarks lie in a plane."""
        canonical = _canonical()
        volumes = np.abs(np.linalg.det(self.maps[..., :3]))
        usual = canonical.volume_m3 * (self.sizes / canonical.eye_distance_m) ** 3
        solid: NDArray[np.bool_] = volumes > MIN_VOLUME * usual
        return solid

    def faces(self, landmarks: Float64) -> Float64:
        """Bring landmarks (N, 3, L) px to the head, in lengths of its axes."""
        faces: Float64 = np.linalg.inv(self.maps[..., :3]) @ (landmarks - self.maps[..., 3:])
        return faces

    def landmarks(self, faces: Float64) -> Float64:
        """Bring landmarks (N, 3, L) from the head to the image, px."""
        landmarks: Float64 = self.maps[..., :3] @ faces
        landmarks += self.maps[..., 3:]
        return landmarks


def align_heads(landmarks: Float64) -> HeadAlignments:
    """Fit the canonical face to N faces by linear least squares.

    Affine maps, not rotations: a person's proportions and the perspective then belong to the
    motion, the fit is one matrix product, and it takes no iterations. Landmarks that expressions
    move do not count, those of the jaw little.

    Args:
        landmarks: (N, 3, L) px; L is 468 or 478.
    """
    return HeadAlignments(landmarks[..., :MESH_LANDMARKS] @ _canonical().fit)


@dataclass(frozen=True, slots=True)
class _Canonical:
    """Least squares against the canonical face, prepared.

    Attributes:
        fit: (468, 4), takes the landmarks of a face to its map.
        reaches_m: (3,), how far the face reaches along each axis.
        eye_distance_m: Between the outer eye corners.
        volume_m3: Of the box that the three reaches span.
    """

    fit: Float64
    reaches_m: Float64
    eye_distance_m: float
    volume_m3: float


@cache
def _canonical() -> _Canonical:
    vertices: Float32 = load_topology(MESH_LANDMARKS).canonical_vertices_m
    groups = landmark_groups(MESH_LANDMARKS)
    weights = np.where(groups.is_skin, 1.0, np.where(groups.is_jaw, JAW_WEIGHT, 0.0))
    weights /= weights.sum()
    centred = vertices - weights @ vertices
    reaches_m = np.sqrt(weights @ centred**2)
    model = np.column_stack([centred / reaches_m, np.ones(MESH_LANDMARKS)])
    weighted = weights[:, None] * model
    fit = np.linalg.solve(weighted.T @ model, weighted.T).T.copy()
    eyes = vertices[LEFT_EYE_OUTER_CORNER] - vertices[RIGHT_EYE_OUTER_CORNER]
    return _Canonical(fit, reaches_m, float(np.linalg.norm(eyes)), float(np.prod(reaches_m)))
