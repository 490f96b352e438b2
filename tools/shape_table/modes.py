"""A population of faces as a mean and orthogonal modes, without rigid motion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facemesh_ros.geometry.canonical_face import SELLION, canonical_face_m
from shape_table.face_kit import EYEBALLS, IRISES, FaceKit
from shape_table.registration import symmetric
from shape_table.surface import Float64, Ints

# From the apex of the cornea to the centre of the eyeball: radius of the cornea 7.8 mm, from its
# centre to the eyeball's 5.3 mm (Guestrin and Eizenman, IEEE TBME 53, 2006). ICT-FaceKit's
# eyeballs are 31 mm across, real ones 24 mm, so only their fronts are used: the centre is straight
# behind the pupil of an eye that looks ahead.
APEX_TO_CENTRE_M = 0.0131
EYE_CONTOURS = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133, 7, 163, 144, 145, 153, 154, 155),
    (263, 466, 388, 387, 386, 385, 384, 398, 362, 249, 390, 373, 374, 380, 381, 382),
)


@dataclass(frozen=True)
class Population:
    """Arrays of 470 points, m, face axes: 468 landmarks, right and left centre of the eyeball.

    Attributes:
        mean: (470, 3).
        modes: (M, 470, 3) per standard deviation, orthogonal over the landmarks, largest first.
        expressions: (E, 470, 3) displacement by a full expression.
    """

    mean: Float64
    modes: Float64
    expressions: Float64


def population(kit: FaceKit, triangles: Ints, weights: Float64, names: list[str]) -> Population:
    """Return ICT-FaceKit's people on the landmarks.

    Args:
        kit: Its shapes.
        triangles: (468,) on which each landmark lies.
        weights: (468, 3) barycentric coordinates there.
        names: Of the expressions; 'a+b' is the sum of two.
    """

    def points(shape: Float64) -> Float64:
        corners = shape[kit.triangles[triangles]]
        eyes = [shape[iris].mean(axis=0) for iris in IRISES]
        return np.concatenate([(corners * weights[:, :, None]).sum(axis=1), eyes])[:, [2, 0, 1]]

    neutral = points(kit.neutral) / 100
    for eye, eyeball in enumerate(EYEBALLS):
        neutral[468 + eye, 0] = kit.neutral[eyeball, 2].max() / 100 - APEX_TO_CENTRE_M
    rotation = kabsch(neutral[:468], canonical_face_m())
    shapes = np.array([points(shape) for shape in kit.identities]) / 100 @ rotation.T
    mean = mean_face(neutral @ rotation.T)
    expressions = [
        sum(points(kit.expressions[part]) for part in name.split('+')) for name in names
    ]
    return Population(
        mean,
        principal_modes(np.array([without_rigid_motion(shape, mean) for shape in shapes])),
        np.array(expressions) / 100 @ rotation.T,
    )


def mean_face(neutral: Float64) -> Float64:
    """Return the mean of ICT-FaceKit's neutral face and the canonical one, symmetric, (470, 3).

    The eyeballs stay where they are behind the contours of the eyes.
    """
    canonical = canonical_face_m()
    neutral = neutral - neutral[:468].mean(axis=0) + canonical.mean(axis=0)
    face = (neutral[:468] + canonical) / 2
    face = symmetric(face[:, [1, 2, 0]])[:, [2, 0, 1]]
    eyes = [
        neutral[468 + eye] + (face[list(contour)] - neutral[list(contour)]).mean(axis=0)
        for eye, contour in enumerate(EYE_CONTOURS)
    ]
    eyes = (np.array(eyes) + np.array(eyes)[::-1] * [1, -1, 1]) / 2
    mean: Float64 = np.concatenate([face, eyes]) - face[SELLION]
    return mean


def kabsch(points: Float64, onto: Float64) -> Float64:
    """Return the rotation that lays points on others best; their means may differ."""
    covariance = (points - points.mean(axis=0)).T @ (onto - onto.mean(axis=0))
    left, _, right = np.linalg.svd(covariance)
    turn = np.diag([1, 1, np.sign(np.linalg.det(left @ right))])
    rotation: Float64 = right.T @ turn @ left.T
    return rotation


def without_rigid_motion(mode: Float64, mean: Float64) -> Float64:
    """Return a mode that keeps the sellion at the origin and the axes of the head.

    With c the canonical face about its mean, the rotation of the best fit (Kabsch) of c to a
    shape s is the identity where sum c x s = 0. This is linear in s: it holds for every sum of
    modes once it holds for the mean and for each mode.
    """
    canonical = canonical_face_m() - canonical_face_m().mean(axis=0)

    def torque(displacement: Float64) -> Float64:
        total: Float64 = np.cross(canonical, displacement[:468]).sum(axis=0)
        return total

    mode = mode - mode[SELLION]
    system = np.stack([torque(np.cross(axis, mean)) for axis in np.eye(3)], axis=1)
    still: Float64 = mode - np.cross(np.linalg.solve(system, torque(mode)), mean)
    return still


def principal_modes(displacements: Float64) -> Float64:
    """Return modes of the same population that are orthogonal over the landmarks.

    The coefficients of the displacements are independent and of variance 1; so are those of any
    rotation among them, and the singular vectors U are one.
    """
    left, _, _ = np.linalg.svd(
        displacements[:, :468].reshape(len(displacements), -1), full_matrices=False
    )
    modes: Float64 = np.einsum('im,ipk->mpk', left, displacements)
    return modes
