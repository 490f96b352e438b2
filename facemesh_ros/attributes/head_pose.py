"""Where a head is."""

from __future__ import annotations

import math
from dataclasses import dataclass

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

    @property
    def view_angle_rad(self) -> float:
        """Angle between the face's x axis and the line from the sellion to the camera."""
        forward, left, up = (self.position_m @ self.rotation).tolist()
        return math.acos(-forward / math.hypot(forward, left, up))

    def turned(self, rotation: Float64) -> HeadPose:
        """Return the pose in axes that `rotation` (3, 3) turns those of this one into."""
        return HeadPose(rotation @ self.rotation, rotation @ self.position_m)
