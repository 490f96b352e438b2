"""The components of a head's motion: shift, zoom, roll, tilt and what is not rigid.

A change D of the affine map y = A x + b that lays the head in the image is D = [W A, w]: it moves
a point by W (y - b) + w. W and w in the coordinates of the image do not depend on how the head is
rotated in it, and fall apart into components of which a real motion has few, where noise has all.
"""

from __future__ import annotations

import numpy as np

from facemesh_ros.types import Float64

# By name: the coefficients of each coordinate in W and w, row by row (3, 4). Coordinates of one
# component share its variances, so that no direction of the image is special.
_FORMS = {
    'shift': ([[0, 3, 1]], [[1, 3, 1]]),
    'depth shift': ([[2, 3, 1]],),
    'zoom': ([[0, 0, 1], [1, 1, 1]],),
    'roll': ([[1, 0, 1], [0, 1, -1]],),
    'stretch': ([[0, 0, 1], [1, 1, -1]], [[0, 1, 1], [1, 0, 1]]),
    'tilt': ([[0, 2, 1]], [[1, 2, 1]]),
    'depth tilt': ([[2, 0, 1]], [[2, 1, 1]]),
    'depth stretch': ([[2, 2, 1]],),
}
COMPONENTS = tuple(_FORMS)
# (12,) which component each coordinate belongs to.
COMPONENT_OF_COORDINATE = np.repeat(np.arange(len(_FORMS)), [len(form) for form in _FORMS.values()])


def _orthonormal_forms() -> Float64:
    """Return (12, 12), the coefficients of the 12 coordinates in W and w; its inverse is Tᵀ."""
    forms = [form for component in _FORMS.values() for form in component]
    matrix = np.zeros((len(forms), 3, 4))
    for coordinate, form in zip(matrix, forms, strict=True):
        for row, column, coefficient in form:
            coordinate[row, column] = coefficient / len(form) ** 0.5
    return matrix.reshape(len(forms), -1)


_COORDINATES_OF_CHANGE = _orthonormal_forms()


def components_of(changes: Float64, inverses: Float64, eye_distances_px: Float64) -> Float64:
    """Return the coordinates (N, 12) of changes of affine maps.

    Args:
        changes: (N, 3, 4) px.
        inverses: (N, 3, 3) of A.
        eye_distances_px: (N,); shifts are relative to it.

    Example: a head that grows by a hundredth zooms, whichever way it is turned.
        >>> affine = np.array([[[0.0, -9, 0, 0], [9, 0, 0, 0], [0, 0, 9, 0]]])
        >>> found = components_of(affine / 100, np.linalg.inv(affine[..., :3]), np.ones(1))
        >>> [COMPONENTS[COMPONENT_OF_COORDINATE[each]] for each in np.flatnonzero(found[0])]
        ['zoom', 'depth stretch']
    """
    parts = np.empty_like(changes)
    np.matmul(changes[..., :3], inverses, out=parts[..., :3])
    parts[..., 3] = changes[..., 3] / eye_distances_px[:, None]
    coordinates: Float64 = parts.reshape(-1, 12) @ _COORDINATES_OF_CHANGE.T
    return coordinates


def changes_of(coordinates: Float64, axes: Float64, eye_distances_px: Float64) -> Float64:
    """Return the changes (N, K, 3, 4) px of affine maps with coordinates (N, K, 12)."""
    parts = (coordinates @ _COORDINATES_OF_CHANGE).reshape(*coordinates.shape[:2], 3, 4)
    changes = np.empty_like(parts)
    np.matmul(parts[..., :3], axes[:, None], out=changes[..., :3])
    changes[..., 3] = parts[..., 3] * eye_distances_px[:, None, None]
    return changes
