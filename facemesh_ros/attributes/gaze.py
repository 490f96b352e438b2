"""Where a face looks: its irises against the eyeballs of the posed head.

Each iris is seen on a ray, and where the ray meets the sphere on which the iris moves about its
eyeball's centre says how far the eye is turned in the head. Both eyes look at the same thing, so
they share one direction. What is particular to one side cancels in it: the line of sight lies some
5° to the nose's side of the axis through eyeball and pupil, in the left eye as in the right one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from facemesh_ros.attributes.posed_face import PosedFace
from facemesh_ros.geometry.canonical_face import MESH_LANDMARKS
from facemesh_ros.geometry.shape_model import load_shape_model
from facemesh_ros.types import Float32, Float64

# Landmarks of the right eye, then of the left: centre and ring of the iris; outer and inner
# corner; middle of the upper and the lower lid.
EYES = np.array(
    [[468, 469, 470, 471, 472, 33, 133, 159, 145], [473, 474, 475, 476, 477, 263, 362, 386, 374]]
)
IRIS, CORNERS = slice(0, 5), slice(5, 7)
# Across the iris twice, between the lids, between the corners.
SPANS_FROM, SPANS_TO = [1, 2, 7, 5], [3, 4, 8, 6]

# From the centre of rotation, 13.5 mm behind the cornea (Fry and Hill 1962), to the middle of the
# limbus, 3 mm behind it.
IRIS_DISTANCE_M = 0.0105

# Calibrated on rendered heads of many people whose eyes look in known directions; portraits whose
# eyes look into the camera and one face in several cameras agree (docs/geometry.md).
# How far the mesh's irises move against its corners of the eyes, left and up, by the sine of the
# eye's turn: less than the eye's own, as corners and lids of the mesh follow a look.
IRIS_TRAVEL_M = np.array([0.0082, 0.0035])
# Where they rest, against the eyeballs.
REST_M = np.array([0.0010, 0.0, -0.0010])
# How much lower they are drawn by the sine of the view from above, as the mesh is drawn frontal.
VIEW_M = np.array([0.0, -0.0016])
# Variance of the sines that one eye of a large iris shows, and the iris at which it is twice that:
# below, it grows with the sixth power of how small the iris is.
SIDEWAYS_VARIANCE, UPWARD_VARIANCE = (0.72 / 8.2) ** 2, (0.45 / 3.5) ** 2
SMALL_IRIS_PX = 12.4
EYE_IN_HEAD_RAD = math.radians(13)  # for more, people turn the head
# Of the head's direction and the eyes' common errors; more of it at right angles to the sight.
HEAD_RAD, OBLIQUE_HEAD_RAD = math.radians(2), math.radians(4)

MIN_IRIS_PX = 6.0
MIN_OPENING = 0.1  # between the lids, of the distance of the corners
MIN_FACING = math.cos(math.radians(70))  # beyond, nose and temple hide an eye
MAX_SINE = 0.9

# An eye's opening faces outward by 20°.
_OUTWARD = np.array([[0.94, -0.34, 0.0], [0.94, 0.34, 0.0]])
_UNKNOWN = np.full(3, np.nan)
_UNKNOWN.setflags(write=False)


@dataclass(frozen=True, slots=True)
class Gaze:
    """Lines of sight in the optical frame.

    Attributes:
        left: (3,) unit vector, NaN if unknown.
        right: (3,) the same.
        sigma_rad: Standard deviation of either, about each of two axes across it; NaN if both are
            unknown.
    """

    left: Float64
    right: Float64
    sigma_rad: float


UNKNOWN_GAZE = Gaze(_UNKNOWN, _UNKNOWN, math.nan)


def estimate_gaze(posed: PosedFace, landmarks: Float32) -> Gaze:
    """Return where a face looks.

    With s the sines of both eyes' turn in the head, left and up, each measured as the iris's
    displacement over its travel with variance v, and prior variance p about straight ahead:
    s = (Σ s_eye / v_eye) / (Σ 1 / v_eye + 1 / p). An eye is left out, and its line of sight
    unknown, where its iris is too small, its lids are closed, or it faces away.

    Args:
        posed: The face.
        landmarks: (L, 3) px, the same; nothing is known if L is 468.
    """
    if len(landmarks) == MESH_LANDMARKS:
        return UNKNOWN_GAZE
    towards, turns = _turns(posed)
    weights = _weights(landmarks, (towards * _OUTWARD).sum(axis=1).tolist())
    if not any(weights):
        return UNKNOWN_GAZE
    (right_left, right_up), (left_left, left_up) = turns.tolist()
    left, left_variance = _combined(weights, (right_left, left_left), SIDEWAYS_VARIANCE)
    up, up_variance = _combined(weights, (right_up, left_up), UPWARD_VARIANCE)
    direction = posed.pose.rotation @ _direction(left, up)
    head_rad = HEAD_RAD + OBLIQUE_HEAD_RAD * math.sin(posed.view_angle_rad)
    return Gaze(
        left=direction if weights[1] else _UNKNOWN,
        right=direction if weights[0] else _UNKNOWN,
        sigma_rad=math.sqrt((left_variance + up_variance) / 2 + head_rad**2),
    )


def _turns(posed: PosedFace) -> tuple[Float64, Float64]:
    """Return what both eyes show, right and left, in face axes.

    The eyeballs are the head's, moved along with the corners of the eyes to where these are seen:
    so an error of the head's pose or of its shape moves both, and cancels.

    Returns:
        Unit vectors (2, 3) to the irises, and the sines (2, 2) of the eyes' turns to the head's
        left and up, as measured.
    """
    rays = posed.rays[EYES] @ posed.pose.rotation
    position = posed.pose.position_m @ posed.pose.rotation
    corners = posed.shape_m[EYES[:, CORNERS]] + position
    corner_rays = rays[:, CORNERS]
    moved = (corner_rays * (corners[..., :1] / corner_rays[..., :1]) - corners).sum(axis=1) / 2
    centres = load_shape_model().eyeballs(posed.identity) + (position + REST_M) + moved
    towards = rays[:, IRIS].sum(axis=1)
    towards /= np.sqrt((towards * towards).sum(axis=1, keepdims=True))
    across = towards * (towards * centres).sum(axis=1, keepdims=True) - centres
    depth = IRIS_DISTANCE_M**2 - (across * across).sum(axis=1, keepdims=True)
    irises = across - towards * np.sqrt(np.maximum(depth, 0))
    return towards, (irises[:, 1:] - VIEW_M * towards[:, 1:]) / IRIS_TRAVEL_M


def _weights(landmarks: Float32, facing: list[float]) -> list[float]:
    """Return what the right and the left eye count, 1 for a large iris; 0 if it cannot be seen.

    Args:
        landmarks: (478, 3) px.
        facing: Minus the cosines of the angles at which the eyes' openings are seen.
    """
    points = landmarks[EYES, :2]
    spans = points[:, SPANS_FROM] - points[:, SPANS_TO]
    lengths = np.sqrt((spans * spans).sum(axis=2)).tolist()
    return [_weight(*lengths[side], -facing[side]) for side in (0, 1)]


def _weight(across: float, along: float, opening: float, width: float, facing: float) -> float:
    diameter = max(across, along)
    if diameter < MIN_IRIS_PX or opening < MIN_OPENING * width or facing < MIN_FACING:
        return 0.0
    return facing**2 / (1 + (SMALL_IRIS_PX / diameter) ** 6)


def _combined(
    weights: list[float], sines: tuple[float, float], variance: float
) -> tuple[float, float]:
    """Return the sine of both eyes' turn about one axis and its variance.

    Args:
        weights: Of the eyes.
        sines: As measured.
        variance: Of each at weight 1.
    """
    information = EYE_IN_HEAD_RAD**-2 + sum(weights) / variance
    vector = (weights[0] * sines[0] + weights[1] * sines[1]) / variance
    return vector / information, 1 / information


def _direction(left: float, up: float) -> Float64:
    """Return the unit vector in face axes of an eye turned by these sines."""
    shorter = min(1.0, MAX_SINE / max(math.hypot(left, up), 1e-9))
    left, up = left * shorter, up * shorter
    return np.array([math.sqrt(1 - left**2 - up**2), left, up])
