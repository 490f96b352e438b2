"""Rotations: about vectors, between directions, and as the quaternions of ROS."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from facemesh_ros.types import Float64

TINY = 1e-12


def rotation_from_vector(vector: Float64) -> Float64:
    """Return the rotation about a vector (3,) by its length, rad (Rodrigues)."""
    x, y, z = vector.tolist()
    square = x * x + y * y + z * z
    angle = math.sqrt(square)
    s, c = (math.sin(angle) / angle, (1 - math.cos(angle)) / square) if square > TINY else (1, 0.5)
    return np.array(
        [
            [1 - c * (y * y + z * z), c * x * y - s * z, c * x * z + s * y],
            [c * x * y + s * z, 1 - c * (x * x + z * z), c * y * z - s * x],
            [c * x * z - s * y, c * y * z + s * x, 1 - c * (x * x + y * y)],
        ]
    )


def rotation_between(one: Sequence[float], other: Sequence[float]) -> Float64:
    """Return the smallest rotation that takes one direction to another, not its opposite.

    R = 1 + C + C² / (1 + one · other), with C the matrix of their cross product.

    Args:
        one: Unit vector of three numbers.
        other: Another one.

    Returns:
        (3, 3).

    Example:
        >>> (rotation_between([0, 0, 1], [0.6, 0, 0.8]) @ [0, 0, 1.0]).round(3).tolist()
        [0.6, 0.0, 0.8]
    """
    (a, b, c), (d, e, f) = one, other
    x, y, z = b * f - c * e, c * d - a * f, a * e - b * d
    k = 1 / (1 + a * d + b * e + c * f)
    return np.array(
        [
            [1 - k * (y * y + z * z), k * x * y - z, k * x * z + y],
            [k * x * y + z, 1 - k * (x * x + z * z), k * y * z - x],
            [k * x * z - y, k * y * z + x, 1 - k * (x * x + y * y)],
        ]
    )


def quaternion_xyzw_from_matrix(rotations: Float64) -> Float64:
    """Return the unit quaternions of rotation matrices, w not negative.

    The four products 4 q_i q_j of one row are all in the matrix. The row of the largest component
    is taken, so that nothing small is divided by: also half turns, where w is 0, keep all digits.

    Args:
        rotations: (..., 3, 3); NaN gives NaN.

    Returns:
        (..., 4) as geometry_msgs/Quaternion: x, y, z, w.

    Source: S. W. Shepperd, Quaternion from rotation matrix, J. Guidance and Control 1 (1978).

    Example: a quarter turn about z.
        >>> turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
        >>> quaternion_xyzw_from_matrix(turn).round(3).tolist()
        [0.0, 0.0, 0.707, 0.707]
    """
    matrices = rotations.reshape(-1, 9).tolist()
    quaternions = np.array([_quaternion_xyzw(*matrix) for matrix in matrices])
    return quaternions.reshape(*rotations.shape[:-2], 4)


def _quaternion_xyzw(
    a: float, b: float, c: float, d: float, e: float, f: float, g: float, h: float, i: float
) -> tuple[float, float, float, float]:
    """Return that of ((a, b, c), (d, e, f), (g, h, i)); numpy takes ten times as long for one."""
    trace = a + e + i
    rows = (
        (1 + 2 * a - trace, d + b, c + g, h - f),
        (d + b, 1 + 2 * e - trace, h + f, c - g),
        (c + g, h + f, 1 + 2 * i - trace, d - b),
        (h - f, c - g, d - b, 1 + trace),
    )
    x, y, z, w = rows[max(range(4), key=lambda index: rows[index][index])]
    length = math.sqrt(x * x + y * y + z * z + w * w) * (-1.0 if w < 0 else 1.0)
    return x / length, y / length, z / length, w / length


def matrix_from_quaternion_xyzw(quaternions: Float64) -> Float64:
    """Return the rotation matrices of quaternions of any length but zero: 1 + 2 w K + 2 K².

    K is the matrix of the cross product with the vector part of the unit quaternion.

    Args:
        quaternions: (..., 4) as geometry_msgs/Quaternion: x, y, z, w.

    Returns:
        (..., 3, 3).

    Example: half a turn about x.
        >>> matrix_from_quaternion_xyzw(np.array([1.0, 0, 0, 0])).tolist()
        [[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]]
    """
    units = quaternions / np.linalg.norm(quaternions, axis=-1, keepdims=True)
    cross = np.zeros((*units.shape[:-1], 3, 3))
    for i, (j, k) in enumerate(((1, 2), (2, 0), (0, 1))):
        cross[..., k, j], cross[..., j, k] = units[..., i], -units[..., i]
    rotations: Float64 = np.eye(3) + 2 * units[..., 3, None, None] * cross + 2 * cross @ cross
    return rotations
