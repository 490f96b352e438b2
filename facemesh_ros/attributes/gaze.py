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

from facemesh_ros.attributes.drawn_irises import FACE_MESH, DrawnIrises
from facemesh_ros.attributes.posed_face import PosedFace
from facemesh_ros.attributes.resting_eyes import RestingEyes
from facemesh_ros.geometry.canonical_face import MESH_LANDMARKS
from facemesh_ros.geometry.eye_landmarks import CORNERS, EYES, IRIS
from facemesh_ros.geometry.shape_model import IRIS_DISTANCE_M
from facemesh_ros.types import Float32, Float64

# Among EYES: across the iris twice, between the lids, between the corners.
SPANS = ((1, 3), (2, 4), (7, 8), (5, 6))

EYE_IN_HEAD_RAD = math.radians(13)  # for more, people turn the head
# An iris of this diameter counts half of a large one, a smaller one less by the sixth power: 8 px
# through a real lens and a video's compression say little.
SMALL_IRIS_PX = 11.0
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


def estimate_gaze(
    posed: PosedFace,
    landmarks: Float32,
    drawn: DrawnIrises = FACE_MESH,
    resting: RestingEyes | None = None,
    stamp_ns: int = 0,
) -> Gaze:
    """Return where a face looks.

    With m the mean displacement of both irises, of variance v = noise² / Σ w, t their travel by
    the sine of the eyes' turn in the head, b with variance u where they rest, and prior variance p
    about straight ahead: s = t (m - b) / (t² + (v + u) / p), each to the left and up. An eye is
    left out, and its line of sight unknown, where its iris is too small, its lids are closed or
    blink, or it faces away.

    Args:
        posed: The face.
        landmarks: (L, 3) px, the same; nothing is known if L is 468.
        drawn: How the landmark model draws irises.
        resting: Where this person's rest, which learns from this face; None for an unknown person.
        stamp_ns: When it is seen.
    """
    if len(landmarks) == MESH_LANDMARKS:
        return UNKNOWN_GAZE
    resting = resting or RestingEyes(drawn)
    looks = resting.looks_since(stamp_ns)
    towards, displacements_m = iris_displacements(posed, drawn)
    spans = _spans(landmarks)
    are_open = resting.see_lids([opening / width for _, opening, width in spans], looks)
    weights = _weights(spans, are_open, towards)
    if not any(weights):
        return UNKNOWN_GAZE
    total = sum(weights)
    seen_m = (np.array(weights) @ displacements_m / total).tolist()
    noise_m2 = [sigma_m**2 / total for sigma_m in drawn.noise_m]
    (left, left_variance), (up, up_variance) = map(
        _turn, seen_m, resting.offset_m, noise_m2, resting.variance_m2, drawn.travel_m
    )
    resting.see_irises(seen_m, noise_m2, looks)
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


def _spans(landmarks: Float32) -> list[tuple[float, float, float]]:
    """Return of the right and the left eye: the iris, its lids' opening, its corners' distance."""
    spans = []
    for eye in landmarks.take(EYES, 0)[..., :2].tolist():
        across, along, opening, width = (math.dist(eye[a], eye[b]) for a, b in SPANS)
        spans.append((max(across, along), opening, max(width, 1e-9)))
    return spans


def _weights(
    spans: list[tuple[float, float, float]], are_open: list[bool], towards: Float64
) -> list[float]:
    """Return what the right and the left eye count, 1 for a large iris; 0 if it cannot be seen.

    Args:
        spans: See `_spans`, px.
        are_open: Whether they are as open as usual.
        towards: (2, 3) unit vectors to the irises, in face axes.
    """
    facing: list[float] = (-((towards * _OUTWARD) @ _AXES)).tolist()
    frontal: list[float] = (-towards[:, 0]).tolist()
    weights = map(_weight, spans, facing, frontal)
    return [weight * is_open for weight, is_open in zip(weights, are_open, strict=True)]


def _weight(spans: tuple[float, float, float], facing: float, frontal: float) -> float:
    diameter, opening, width = spans
    if diameter < MIN_IRIS_PX or opening < MIN_OPENING * width or facing < MIN_FACING:
        return 0.0
    oblique = 1 / max(frontal, MIN_FACING) ** 2 - 1
    return 1 / ((1 + (SMALL_IRIS_PX / diameter) ** 6) / facing**2 + OBLIQUE * oblique)


def _turn(
    seen_m: float, rest_m: float, noise_m2: float, rest_m2: float, travel_m: float
) -> tuple[float, float]:
    """Return the sine of the eyes' turn about one axis, and its variance."""
    prior = EYE_IN_HEAD_RAD**-2
    information = prior + travel_m**2 / (noise_m2 + rest_m2)
    sine = (seen_m - rest_m) * travel_m / (noise_m2 + rest_m2) / information
    return sine, 1 / information


def _direction(left: float, up: float) -> Float64:
    """Return the unit vector in face axes of an eye turned by these sines."""
    shorter = min(1.0, MAX_SINE / max(math.hypot(left, up), 1e-9))
    left, up = left * shorter, up * shorter
    return np.array([math.sqrt(1 - left**2 - up**2), left, up])
