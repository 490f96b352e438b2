"""How far a mouth or an eye is open."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.consumer.landmark_names import NamedLandmarks

Points = NDArray[np.float32] | NDArray[np.float64]


class Opening(NamedTuple):
    """An opening, px or m as the landmarks it was measured on; NaN where they are unknown.

    Attributes:
        gap: Distance of the upper from the lower point, in space.
        width: Distance of the two corners, in space.
        ratio: gap / width, which does not hang on the size of the face in the image.
    """

    gap: float
    width: float
    ratio: float


def mouth_opening(points: Points, names: NamedLandmarks) -> Opening:
    """Return how far the lips are apart.

    `gap = |upper_lip_inner - lower_lip_inner|`, `width = |mouth_left - mouth_right|` (corners).
    Closed lips have a ratio of 0 to 0.03, a smile that shows teeth 0.1 to 0.25, a yawn near 1; in
    speech it swings, whatever it is at rest.

    Args:
        points: (N, 3), `landmarks` for px or `landmarks_metric` for m; an empty one gives NaN.
        names: Of the model they are from.
    """
    return _opening(
        points, names, 'upper_lip_inner', 'lower_lip_inner', 'mouth_left', 'mouth_right'
    )


def eye_opening(points: Points, names: NamedLandmarks, side: str) -> Opening:
    """Return how far the lids of an eye are apart.

    `gap = |eyelid_upper - eyelid_lower|`, `width = |eye_outer - eye_inner|`. An open eye has a
    ratio of 0.2 to 0.4, which differs from person to person, so compare with what is usual in a
    track: in a blink it falls below about half of that for 0.1 to 0.4 s.

    Args:
        points: (N, 3), as in `mouth_opening`.
        names: Of the model they are from.
        side: 'left' or 'right', the subject's.

    Source: the eye aspect ratio (Soukupová and Čech, CVWW 2016), of the middle pair alone.
    """
    upper, lower = f'{side}_eyelid_upper', f'{side}_eyelid_lower'
    return _opening(points, names, upper, lower, f'{side}_eye_outer', f'{side}_eye_inner')


def _opening(points: Points, names: NamedLandmarks, *ends: str) -> Opening:
    upper, lower, one, other = names.points(*ends).tolist()
    if not len(points):
        return Opening(math.nan, math.nan, math.nan)
    gap = math.dist(points[upper].tolist(), points[lower].tolist())
    width = math.dist(points[one].tolist(), points[other].tolist())
    return Opening(gap, width, gap / width if width else math.nan)
