"""The size of a face from its irises, whose width is nearly the same in all people."""

from __future__ import annotations

import math

from facemesh_ros.attributes.posed_face import PosedFace
from facemesh_ros.geometry.canonical_face import MESH_LANDMARKS
from facemesh_ros.geometry.eye_landmarks import CORNERS_AND_LIDS, IRIS_RINGS
from facemesh_ros.geometry.shape_model import IRIS_M
from facemesh_ros.types import Float32

Points = list[list[float]]

# Beyond, the ring shrinks by a tenth and more.
MAX_VIEW_RAD = math.radians(20)
MIN_DIAMETER_PX = 8.0
# Height of the open eye by diameter of the ring: closed .1 to .5, open .65 to .9.
MIN_OPENING = 0.55


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
    eyes = zip(
        landmarks.take(IRIS_RINGS, 0)[..., :2].tolist(),
        face.rays.take(IRIS_RINGS, 0).tolist(),
        face.landmarks_m.take(CORNERS_AND_LIDS, 0).tolist(),
        strict=True,
    )
    diameters_m = [_diameter_m(*eye) for eye in eyes]
    told_m = [diameter for diameter in diameters_m if not math.isnan(diameter)]
    return IRIS_M * len(told_m) / sum(told_m) if told_m else math.nan


def _diameter_m(ring_px: Points, rays: Points, lids_m: Points) -> float:
    """Return the diameter of an iris, at the assumed size; NaN if it does not tell."""
    if _across(ring_px) < MIN_DIAMETER_PX:
        return math.nan
    outer, inner, upper, lower = lids_m
    range_m = (math.hypot(*outer) + math.hypot(*inner)) / 2
    diameter_m = _across(rays) * range_m
    return diameter_m if math.dist(upper, lower) >= MIN_OPENING * diameter_m else math.nan


def _across(ring: Points) -> float:
    """Return the mean diameter of a ring of four points (4, d)."""
    right, top, left, bottom = ring
    return (math.dist(right, left) + math.dist(top, bottom)) / 2
