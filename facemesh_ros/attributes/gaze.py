"""Where a face looks: its irises against the eyeballs of the posed head.

Each iris is seen on a ray, and where the ray meets the sphere on which the iris moves about its
eyeball's centre says how far the eye is turned in the head. Both eyes look at the same thing, so
they share one direction. What is particular to one side cancels in it: the line of sight lies some
5° to the nose's side of the axis through eyeball and pupil, in the left eye as in the right one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facemesh_ros import native
from facemesh_ros.attributes.drawn_irises import FACE_MESH, DrawnIrises
from facemesh_ros.attributes.posed_face import PosedFace, PosedFaces
from facemesh_ros.attributes.resting_eyes import RestingEyes
from facemesh_ros.geometry.canonical_face import MESH_LANDMARKS
from facemesh_ros.types import Float32, Float64

MAX_SINE = 0.9  # of the eyes' turn in the head

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
    """Return where one face looks.

    Args:
        posed: The face.
        landmarks: (L, 3) px, the same; nothing is known if L is 468.
        drawn: How the landmark model draws irises.
        resting: Where this person's rest, which learns from this face; None for an unknown person.
        stamp_ns: When it is seen.
    """
    if len(landmarks) == MESH_LANDMARKS:
        return UNKNOWN_GAZE
    eyes = [resting or RestingEyes(drawn)]
    directions, sigmas_rad = estimate_gazes(
        PosedFaces.of(posed), landmarks[None], drawn, eyes, stamp_ns
    )
    (right, left), sigma_rad = directions[0], float(sigmas_rad[0])
    return Gaze(left, right, sigma_rad)


def estimate_gazes(
    faces: PosedFaces,
    landmarks: Float32,
    drawn: DrawnIrises,
    eyes: Sequence[RestingEyes],
    stamp_ns: int,
) -> tuple[Float64, Float64]:
    """Return where N faces look, in one call without Python's lock.

    With m the mean displacement of both irises, of variance v = noise² / Σ w, t their travel by
    the sine of the eyes' turn in the head, b with variance u where they rest, and prior variance p
    about straight ahead: s = t (m - b) / (t² + (v + u) / p), each to the left and up. An eye is
    left out, and its line of sight unknown, where its iris is too small, its lids are closed or
    blink, or it faces away. See src/native/gaze.cpp.

    Args:
        faces: N.
        landmarks: (N, 478, 3) px, the same.
        drawn: How the landmark model draws irises.
        eyes: N, of the people; they learn from these faces.
        stamp_ns: When they are seen.

    Returns:
        (N, 2, 3) lines of sight of the right and the left eyes, unit vectors in the optical frame,
        NaN where unknown; and (N,) their standard deviations, rad, about each of two axes across.
    """
    return native.estimate_gazes(
        list(eyes),
        landmarks,
        faces.rotations,
        faces.positions_m,
        faces.shapes_m,
        faces.rays,
        faces.eyeballs_m,
        drawn.numbers,
        stamp_ns,
    )


def iris_displacements(posed: PosedFace, drawn: DrawnIrises) -> tuple[Float64, Float64]:
    """Return where both irises are seen, of the right and the left eye, in face axes.

    The eyeballs are the head's, moved along with the corners of the eyes to where these are seen:
    so an error of the head's pose or of its shape moves both, and cancels.

    Returns:
        Unit vectors (2, 3) to the irises, and their displacements (2, 2) from where they rest, to
        the head's left and up, m.
    """
    faces = PosedFaces.of(posed)
    towards, displacements_m = native.iris_displacements(
        faces.rotations,
        faces.positions_m,
        faces.shapes_m,
        faces.rays,
        faces.eyeballs_m,
        drawn.numbers,
    )
    return towards[0], displacements_m[0]
