"""Errors of landmarks as a landmark model makes them: neighbours are off together."""

from __future__ import annotations

from functools import cache

import numpy as np

from facemesh_ros.geometry.canonical_face import canonical_face_m

NEIGHBOURHOOD_M = 0.02


def shared_errors(seed: int) -> np.ndarray:
    """Return smooth noise (468, 2) of unit variance, alike within some 2 cm of the face."""
    return _kernel() @ np.random.default_rng(seed).normal(size=(468, 2))


@cache
def _kernel() -> np.ndarray:
    points = canonical_face_m()
    squares = np.sum((points[:, None] - points) ** 2, axis=2)
    near = np.exp(-squares / (2 * NEIGHBOURHOOD_M**2))
    kernel = near / np.linalg.norm(near, axis=1, keepdims=True)
    kernel.setflags(write=False)
    return kernel
