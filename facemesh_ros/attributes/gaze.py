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
from facemesh_ros.geometry.eye_landmarks import CORNERS, EYES, IRIS
from facemesh_ros.geometry.shape_model import IRIS_DISTANCE_M
from facemesh_ros.types import Float32, Float64

# Among EYES: across the iris twice, between the lids, between the corners.
SPANS = ((1, 3), (2, 4), (7, 8), (5, 6))

EYE_IN_HEAD_RAD = math.radians(13)  # for more, people turn the head
# An iris of this diameter counts half of a large one, a smaller one less by the sixth power: 8 px
# through a real lens and a video's compression say little.
SMALL_IRIS_PX = 12.0
# Variance by the square of the tangent of the view: how deep eyeballs lie differs by 1.1 mm.
OBLIQUE = 2.0
# Of the head's direction and the eyes' common errors; more of it at right angles to the sight.
HEAD_RAD, OBLIQUE_HEAD_RAD = math.radians(2), math.radians(4)

MIN_IRIS_PX = 6.0
MIN_OPENING = 0.1  # between the lids, of the distance of the corners
MIN_FACING = math.cos(math.radians(70))  # beyond, nose and temple hide an eye
MAX_SINE = 0.9

# An eye's opening faces outward by 20°.
_OUTWARD = np.array([[0.94, -0.34, 0.0], [0.94, 0.34, 0.0]])
# Sums over an axis as products, which cost a third for arrays this small.
_AXES, _HALVES, _FIFTHS = np.ones(3), np.full(2, 1 / 2), np.full(5, 1 / 5)
_UNKNOWN = np.full(3, np.nan)
_UNKNOWN.setflags(write=False)


@dataclass(frozen=True, slots=True)
class DrawnIrises:
    """How a landmark model draws irises, against the eyeballs that are anchored to its corners.

    Attributes:
        travel_m: How far one moves to the head's left, and up, by the sine of the eye's turn. Less
            than the eye's own iris, as corners and lids of the mesh follow a look.
        rest_m: How much farther forward, and how much higher, it rests.
        view_m: How much higher it is drawn by the sine of the view from above: the mesh is drawn
            as if seen from nearer to the front.
        sigma_m: Standard deviation, to the head's left and up, of both irises' mean at
            SMALL_IRIS_PX; the errors of one eye are mostly those of the other.
    """

    travel_m: tuple[float, float]
    rest_m: tuple[float, float]
    view_m: float
    sigma_m: tuple[float, float]

    @classmethod
    def exact(cls) -> DrawnIrises:
        """Return those that are where people's are."""
        return cls((IRIS_DISTANCE_M, IRIS_DISTANCE_M), (0.0, 0.0), 0.0, (1e-4, 1e-4))


# FaceMesh v2's: tools/fit_drawn_irises.py on rendered heads of many people. Portraits that look
# into the camera show the same, but that irises rest .7 mm higher, of which half is taken; one man
# in four cameras shows twice the effect of the view, of which part is taken. See docs/gaze.md.
FACE_MESH = DrawnIrises((0.0082, 0.0035), (0.0010, -0.0011), 0.0016, (0.00078, 0.00046))


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


def estimate_gaze(posed: PosedFace, landmarks: Float32, drawn: DrawnIrises = FACE_MESH) -> Gaze:
    """Return where a face looks.

    With s the sines of both eyes' turn in the head, left and up, each measured as the iris's
    displacement over its travel with variance v, and prior variance p about straight ahead:
    s = (Σ s_eye / v_eye) / (Σ 1 / v_eye + 1 / p). An eye is left out, and its line of sight
    unknown, where its iris is too small, its lids are closed, or it faces away.

    Args:
        posed: The face.
        landmarks: (L, 3) px, the same; nothing is known if L is 468.
        drawn: How the landmark model draws irises.
    """
    if len(landmarks) == MESH_LANDMARKS:
        return UNKNOWN_GAZE
    towards, displacements_m = iris_displacements(posed, drawn)
    weights = _weights(landmarks, towards)
    if not any(weights):
        return UNKNOWN_GAZE
    (left, left_variance), (up, up_variance) = (
        _combined(weights, own_m, travel_m, sigma_m)
        for own_m, travel_m, sigma_m in zip(
            displacements_m.T.tolist(), drawn.travel_m, drawn.sigma_m, strict=True
        )
    )
    direction = posed.pose.rotation @ _direction(left, up)
    head_rad = HEAD_RAD + OBLIQUE_HEAD_RAD * math.sin(posed.view_angle_rad)
    return Gaze(
        left=direction if weights[1] else _UNKNOWN,
        right=direction if weights[0] else _UNKNOWN,
        sigma_rad=math.sqrt((left_variance + up_variance) / 2 + head_rad**2),
    )


def iris_displacements(posed: PosedFace, drawn: DrawnIrises) -> tuple[Float64, Float64]:
    """Return where both irises are seen, of the right and the left eye, in face axes.

    The eyeballs are the head's, moved along with the corners of the eyes to where these are seen:
    so an error of the head's pose or of its shape moves both, and cancels.

    Returns:
        Unit vectors (2, 3) to the irises, and their displacements (2, 2) from where they rest, to
        the head's left and up, m.
    """
    rotation = posed.pose.rotation
    rays = posed.rays.take(EYES, 0) @ rotation
    position = posed.pose.position_m @ rotation
    corners = posed.shape_m.take(EYES[:, CORNERS], 0) + position
    corner_rays = rays[:, CORNERS]
    along = (corner_rays * corners) @ _AXES
    moved = _HALVES @ (corner_rays * along[..., None] - corners)
    forward, up = drawn.rest_m
    rest = position + np.array([forward, 0.0, up])
    centres = posed.eyeballs_m + rest + moved
    towards = _FIFTHS @ rays[:, IRIS]
    towards /= np.sqrt((towards * towards) @ _AXES)[:, None]
    across = towards * ((towards * centres) @ _AXES)[:, None] - centres
    depth = np.maximum(IRIS_DISTANCE_M**2 - (across * across) @ _AXES, 0)
    irises = across - towards * np.sqrt(depth)[:, None]
    irises[:, 2] += drawn.view_m * towards[:, 2]  # the view from above is minus that
    return towards, irises[:, 1:]


def _weights(landmarks: Float32, towards: Float64) -> list[float]:
    """Return what the right and the left eye count, 1 for a large iris; 0 if it cannot be seen.

    Args:
        landmarks: (478, 3) px.
        towards: (2, 3) unit vectors to the irises, in face axes.
    """
    points = landmarks.take(EYES, 0)[..., :2].tolist()
    lengths = [[math.dist(eye[a], eye[b]) for a, b in SPANS] for eye in points]
    facing: list[float] = (-((towards * _OUTWARD) @ _AXES)).tolist()
    frontal: list[float] = (-towards[:, 0]).tolist()
    return [_weight(*eye) for eye in zip(lengths, facing, frontal, strict=True)]


def _weight(lengths: list[float], facing: float, frontal: float) -> float:
    across, along, opening, width = lengths
    diameter = max(across, along)
    if diameter < MIN_IRIS_PX or opening < MIN_OPENING * width or facing < MIN_FACING:
        return 0.0
    oblique = 1 / max(frontal, MIN_FACING) ** 2 - 1
    return 1 / ((1 + (SMALL_IRIS_PX / diameter) ** 6) / facing**2 + OBLIQUE * oblique)


def _combined(
    weights: list[float], displacements_m: list[float], travel_m: float, sigma_m: float
) -> tuple[float, float]:
    """Return the sine of both eyes' turn about one axis, and its variance.

    Args:
        weights: Of the eyes.
        displacements_m: Of their irises.
        travel_m: Displacement by the sine.
        sigma_m: Standard deviation of a displacement at weight 1.
    """
    prior = EYE_IN_HEAD_RAD**-2
    information = prior + sum(weights) * (travel_m / sigma_m) ** 2
    weighed_m = weights[0] * displacements_m[0] + weights[1] * displacements_m[1]
    return weighed_m * travel_m / sigma_m**2 / information, 1 / information


def _direction(left: float, up: float) -> Float64:
    """Return the unit vector in face axes of an eye turned by these sines."""
    shorter = min(1.0, MAX_SINE / max(math.hypot(left, up), 1e-9))
    left, up = left * shorter, up * shorter
    return np.array([math.sqrt(1 - left**2 - up**2), left, up])
