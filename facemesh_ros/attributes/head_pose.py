"""The pose of a head of known shape, from the rays on which its landmarks are seen."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from facemesh_ros.types import Float64


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Where a head is: p_optical = rotation p_face + position.

    Attributes:
        rotation: (3, 3) optical axes from face axes.
        position_m: (3,) of the sellion in the optical frame, m.
    """

    rotation: Float64
    position_m: Float64

    def in_optical_frame(self, points_m: Float64) -> Float64:
        """Return (..., 3) points in face axes as the camera sees them, m."""
        points: Float64 = points_m @ self.rotation.T + self.position_m
        return points


def fit_head_pose(rays: Float64, shape_m: Float64) -> HeadPose:
    """Return the pose at which a shape is seen on given rays.

    Args:
        rays: (L, 3) unit vectors in the optical frame.
        shape_m: (L, 3) m, face axes.
    """
    pixels = rays[:, :2] / rays[:, 2:]
    _, rotation, position = cv2.solvePnP(
        shape_m, pixels, np.eye(3), None, flags=cv2.SOLVEPNP_SQPNP
    )
    return HeadPose(
        np.asarray(cv2.Rodrigues(rotation)[0], np.float64), np.asarray(position[:, 0], np.float64)
    )
