"""The shape of a head, with what the fits of poses to it ask for again and again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facemesh_ros.attributes.landmark_weights import rigid_landmarks, rigid_weights
from facemesh_ros.types import Float64


@dataclass(frozen=True, slots=True)
class HeadShape:
    """A shape and its R rigid landmarks; (…, L) are points as columns.

    Attributes:
        shape_m: (468, 3) m, face axes.
        points: (4, 468) the same, X, Y, Z, 1.
        rigid: (4, R) the rigid ones.
        squares: (16, R) their products p pᵀ.
        middle_m: (3,) their weighted mean.
        weighed_m: (R, 3) the rigid ones from their mean, times their weights.
        weighed_points: (468, 4) the same, m, then the weights; 0 where they are not rigid.
        variance_m2: Weighted mean square of their distance from the mean.
    """

    shape_m: Float64
    points: Float64
    rigid: Float64
    squares: Float64
    middle_m: Float64
    weighed_m: Float64
    weighed_points: Float64
    variance_m2: float

    @classmethod
    def of(cls, shape_m: Float64) -> HeadShape:
        """Prepare a shape (468, 3) m, face axes."""
        points = np.ones((4, len(shape_m)))
        points[:3] = shape_m.T
        rigid = points.take(rigid_landmarks(), 1)
        middle_m = rigid[:3] @ rigid_weights()
        weighed_m = (rigid[:3].T - middle_m) * rigid_weights()[:, None]
        weighed_points = np.zeros((len(shape_m), 4))
        weighed_points[rigid_landmarks(), :3] = weighed_m
        weighed_points[rigid_landmarks(), 3] = rigid_weights()
        return cls(
            shape_m=shape_m,
            points=points,
            rigid=rigid,
            squares=(rigid[:, None] * rigid).reshape(16, -1),
            middle_m=middle_m,
            weighed_m=weighed_m,
            weighed_points=weighed_points,
            variance_m2=float(np.vdot(weighed_m, rigid[:3].T)),
        )
