"""The size of a face from its irises, whose width is nearly the same in all people."""

from __future__ import annotations

import math

import numpy as np

from facemesh_ros.attributes.posed_face import PosedFace
from facemesh_ros.geometry.canonical_face import MESH_LANDMARKS
from facemesh_ros.types import Float32, Float64

# White-to-white distance of adults: Rüfer, Schröder, Erb, Cornea 24, 2005, p. 259.
IRIS_M = 0.0117
# Beyond, the ring shrinks by a tenth and more.
MAX_VIEW_RAD = math.radians(20)
MIN_DIAMETER_PX = 8.0
# Height of the open eye by diameter of the ring: closed .1 to .5, open .65 to .9.
MIN_OPENING = 0.55

# Right and left eye: outer and inner corner; upper and lower lid.
EYE_CORNERS = np.array([[33, 133], [263, 362]])
_LIDS = np.array([[159, 145], [386, 374]])
# Opposite landmarks of the two rings: across and down.
_RING = np.array([[469, 471], [470, 472], [474, 476], [475, 477]])


def has_irises(landmarks: Float32) -> bool:
    """Return whether landmarks (L, 3) have the rings of irises."""
    return len(landmarks) > MESH_LANDMARKS


def scale_from_irises(landmarks: Float32, face: PosedFace) -> float:
    """Return by what factor a face is larger than assumed, or NaN where irises do not tell.

    The factor is IRIS_M / d, with d the mean diameter of the rings of both eyes, across and down,
    at the range at which the eyes were assumed. An image's factor is 3 to 6 % off. Eyes tell that
    are open, of 8 px and more, in a face that is seen from within 20°.

    Args:
        landmarks: (L, 3) px.
        face: The same, posed at an assumed size.
    """
    if not has_irises(landmarks) or not face.view_angle_rad <= MAX_VIEW_RAD:
        return math.nan
    rays, landmarks_m = face.rays, face.landmarks_m
    diameters_px = _lengths(landmarks[_RING[:, 0], :2] - landmarks[_RING[:, 1], :2]).reshape(2, 2)
    across = _lengths(rays[_RING[:, 0]] - rays[_RING[:, 1]]).reshape(2, 2).mean(axis=1)
    diameters_m = across * _lengths(landmarks_m[EYE_CORNERS]).mean(axis=1)
    openings_m = _lengths(landmarks_m[_LIDS[:, 0]] - landmarks_m[_LIDS[:, 1]])
    tells = diameters_px.mean(axis=1) >= MIN_DIAMETER_PX
    tells &= openings_m >= MIN_OPENING * diameters_m
    return IRIS_M / float(diameters_m[tells].mean()) if tells.any() else math.nan


def _lengths(vectors: Float32 | Float64) -> Float64:
    lengths: Float64 = np.sqrt(np.einsum('...i,...i', vectors, vectors))
    return lengths
