"""One face in space, at the scale of its shape; what scale and gaze build on."""

from __future__ import annotations

from dataclasses import dataclass

from facemesh_ros.attributes.head_pose import HeadPose
from facemesh_ros.types import Float64


@dataclass(frozen=True, slots=True)
class PosedFace:
    """A face in the optical frame of the camera, as far and as large as its shape says.

    Only the product of size and distance is not seen: everything in metres may be multiplied by
    one factor, about the camera's centre.

    Attributes:
        pose: Of the head; its position is that of the sellion.
        shape_m: (468, 3) this person's face without expression, face axes, m.
        landmarks_m: (L, 3) the observed landmarks in the optical frame, m, each on its ray.
        rays: (L, 3) unit vectors in which the landmarks are seen.
        view_angle_rad: Between the face's x axis and the line from the sellion to the camera.
        identity: (K,) what this person's shape is made of, see `ShapeModel`.
    """

    pose: HeadPose
    shape_m: Float64
    landmarks_m: Float64
    rays: Float64
    view_angle_rad: float
    identity: Float64
