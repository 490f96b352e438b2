"""Landmarks by the names of the points of a face that they mark; left and right are the subject's.

Source: read off the canonical face and its contours; the tests hold each name to its place there.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

NAMED_POINTS: Mapping[str, int] = MappingProxyType(
    {
        'forehead': 10,  # the highest landmark, below the hairline
        'glabella': 9,  # between the brows
        'sellion': 168,  # the deepest point of the nose, between the eyes
        'nose_tip': 4,
        'subnasale': 2,  # where the nose meets the upper lip
        'right_nose_wing': 129,
        'left_nose_wing': 358,
        'chin': 152,  # the lowest landmark
        'right_brow_outer': 70,
        'right_brow_middle': 105,
        'right_brow_inner': 107,
        'left_brow_outer': 300,
        'left_brow_middle': 334,
        'left_brow_inner': 336,
        'right_eye_outer': 33,
        'right_eye_inner': 133,
        'right_eyelid_upper': 159,
        'right_eyelid_lower': 145,
        'left_eye_outer': 263,
        'left_eye_inner': 362,
        'left_eyelid_upper': 386,
        'left_eyelid_lower': 374,
        'mouth_right': 61,
        'mouth_left': 291,
        'upper_lip_outer': 0,
        'upper_lip_inner': 13,
        'lower_lip_inner': 14,
        'lower_lip_outer': 17,
        'right_jaw': 172,  # the angle of the jaw
        'left_jaw': 397,
        'right_face_side': 234,  # in front of the ear
        'left_face_side': 454,
        'right_iris': 468,  # these two only where the landmark model has irises
        'left_iris': 473,
    }
)


def points_among(landmark_count: int) -> dict[str, int]:
    """Return the named points of a landmark model of so many landmarks.

    Example:
        >>> points_among(478)['nose_tip'], 'left_iris' in points_among(468)
        (4, False)
    """
    return {name: index for name, index in NAMED_POINTS.items() if index < landmark_count}
