"""Mesh shape: how far the proportions of a mesh are from those of people's faces."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from facemesh_ros.geometry.canonical_face import MESH_LANDMARKS
from facemesh_ros.geometry.shape_model import load_shape_model
from facemesh_ros.types import Float32, Float64

MODES = 20
# A landmark is 3 mm off, and so are the 100 about it; depth says less than the image.
LANDMARK_SIGMA_M, CORRELATED_LANDMARKS = 0.003, 100
AXIS_WEIGHTS = np.array([1.0, 1.0, 0.3])
# Expressions take up what moves a face but is no proportion of it: a full one, of strength 1, is
# as likely as a mode's standard deviation.
EXPRESSION_PRECISION = 1.0
# Landmarks in a point have no shape; this divides.
SMALLEST_SIZE_PX = 1e-3
# Columns: x, y, z of the image (z away from the camera) from face axes, of a frontal face.
IMAGE_FROM_FACE = np.array([(0, 1, 0), (0, 0, -1), (-1, 0, 0)], float)


def shape_deviations(points: Float32) -> Float64:
    """Return how unusual the proportions of N meshes are, (N,): 0 for the mean of people.

    The mesh is laid on the mean face by the best similarity (Kabsch), and what differs is
    explained by people's shape modes and by expressions, most probable first (ridge regression).
    Returned is Σ cᵢ² of the modes' coefficients, each of variance 1 in the population. Since a
    landmark model draws everybody nearer to the mean, faces have 0.1 to 1.

    Args:
        points: (N, L, 3) px, L at least 468; z in px of the same scale.

    Example: the mean face, as large as you like.
        >>> mean_px = 2000 * load_shape_model().mean_m @ IMAGE_FROM_FACE.T
        >>> shape_deviations(mean_px[None].astype(np.float32)).round(6).tolist()
        [0.0]
    """
    mean = _mean_face()
    mesh = points[:, :MESH_LANDMARKS].astype(np.float64)
    mesh -= mesh.mean(axis=1, keepdims=True)
    left, stretches, right = np.linalg.svd(mesh.transpose(0, 2, 1) @ mean.points_m)
    mirrored = np.linalg.det(left @ right) < 0
    left[mirrored, :, 2] *= -1
    stretches[mirrored, 2] *= -1
    scales = stretches.sum(axis=1) / mean.square_m2
    upright = mesh @ (left @ right) / np.maximum(scales, SMALLEST_SIZE_PX)[:, None, None]
    differences = (upright - mean.points_m).reshape(-1, 3 * MESH_LANDMARKS)
    deviations: Float64 = ((differences @ mean.coefficients) ** 2).sum(axis=1)
    return deviations


@dataclass(frozen=True, slots=True)
class _MeanFace:
    """The mean face as a frontal one is seen, and what explains differences from it.

    Attributes:
        points_m: (468, 3), centred.
        square_m2: Sum of their squares.
        coefficients: (3 · 468, MODES) maps differences to coefficients of the modes.
    """

    points_m: Float64
    square_m2: float
    coefficients: Float64


@cache
def _mean_face() -> _MeanFace:
    model = load_shape_model()
    mean_m = model.mean_m @ IMAGE_FROM_FACE.T
    mean_m -= mean_m.mean(axis=0)
    modes = np.concatenate([model.modes_m[:MODES], model.expressions_m]) @ IMAGE_FROM_FACE.T
    modes -= modes.mean(axis=1, keepdims=True)
    weighed = (modes * AXIS_WEIGHTS).reshape(len(modes), -1)
    precision = 1 / (CORRELATED_LANDMARKS * LANDMARK_SIGMA_M**2)
    prior = np.where(np.arange(len(modes)) < MODES, 1.0, EXPRESSION_PRECISION)
    solved = np.linalg.solve(precision * weighed @ weighed.T + np.diag(prior), precision * weighed)
    weights = np.tile(AXIS_WEIGHTS, MESH_LANDMARKS)
    return _MeanFace(mean_m, float((mean_m**2).sum()), (solved[:MODES] * weights).T.copy())
