"""Where faces look: eye centres, the gaze of both eyes together, and the frame along it."""

from __future__ import annotations

import numpy as np

from facemesh_ros.geometry.eye_landmarks import EYE_CORNERS
from facemesh_ros.types import Float32, Float64

# Of the sine of the angle between gaze and head's up, and of the sum of both eyes' gazes: below
# it the direction asked for is noise.
MIN_LENGTH = 1e-3


def eye_centres(landmarks: Float32 | Float64) -> Float64:
    """Return the middle between the corners of the right and of the left eye.

    Args:
        landmarks: (..., L, D) in any space.

    Returns:
        (..., 2, D).
    """
    centres: Float64 = landmarks[..., EYE_CORNERS, :].mean(axis=-2, dtype=float)
    return centres


def mean_gazes(gazes: Float32 | Float64) -> Float64:
    """Return the direction between those of both eyes, or that of the only one known.

    Args:
        gazes: (..., 2, 3) unit vectors; NaN if unknown.

    Returns:
        (..., 3) unit vectors; NaN if neither is known, or if they are opposite.

    Example:
        >>> mean_gazes(np.array([[1.0, 0, 0], [np.nan] * 3])).tolist()
        [1.0, 0.0, 0.0]
    """
    known = np.isfinite(gazes).all(axis=-1, keepdims=True)
    sums: Float64 = np.where(known, gazes, 0.0).sum(axis=-2)
    return _unit(sums)


def gaze_rotations(gazes: Float64, heads: Float64) -> Float64:
    """Return frames as REP-155 has them: z along a gaze, x to the person's right, y down.

    x = z × up of the head, y = z × x, each of length 1.

    Args:
        gazes: (..., 3) unit vectors; NaN if unknown.
        heads: (..., 3, 3) optical axes from face axes.

    Returns:
        (..., 3, 3) optical axes from those of the gaze; NaN if unknown, or along the head's up.

    Example: a face that looks where it points; its own axes are x ahead, y left, z up.
        >>> gaze_rotations(np.array([1.0, 0, 0]), np.eye(3)).tolist()
        [[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]
    """
    rights = _unit(np.cross(gazes, heads[..., 2]))
    frames: Float64 = np.stack([rights, np.cross(gazes, rights), gazes], axis=-1)
    frames[~np.isfinite(frames).all(axis=(-2, -1))] = np.nan
    return frames + 0.0  # no negative zeros


def _unit(vectors: Float64) -> Float64:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    units: Float64 = vectors / np.where(lengths > MIN_LENGTH, lengths, np.nan)
    return units
