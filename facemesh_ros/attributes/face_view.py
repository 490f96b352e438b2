"""A face as a pinhole camera sees it that is turned to it: every lens takes this one path."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from facemesh_ros.types import Camera, Float32, Float64


@dataclass(frozen=True, slots=True)
class FaceView:
    """The L landmarks of one face in a camera that looks straight at it; focal length 1.

    The landmark model sees a crop with the face in its middle, so its z runs along this camera's
    axis, not along that of the real one.

    Attributes:
        rotation: (3, 3) optical axes of the real camera from those of this one.
        points: (3, L) image plane x, y and the mesh's z in the same unit, smaller is nearer.
        rays: (L, 3) unit vectors in the optical frame of the real camera.
        plane_per_px: Size of the face in this image plane, of its size in the image.
    """

    rotation: Float64
    points: Float64
    rays: Float64
    plane_per_px: float

    @classmethod
    def from_landmarks(cls, landmarks: Float32 | Float64, camera: Camera) -> FaceView:
        """Turn to a face.

        Args:
            landmarks: (L, 3) px; z in px of the same scale.
            camera: Of their pixels.
        """
        rays = camera.rays_from_pixels(landmarks[:, :2])
        pixels = np.array(landmarks.T, np.float64, order='C')
        middle = rays.mean(axis=0)
        rotation = _rotation_to(middle / math.sqrt(middle @ middle))
        turned = rotation.T @ rays.T
        plane = turned[:2] / turned[2]
        plane_per_px = _spread(plane) / _spread(pixels[:2])
        points = pixels * plane_per_px
        points[:2] = plane
        return cls(rotation, points, rays, plane_per_px)


def _spread(points: Float64) -> float:
    """Return how far (2, L) points are from their mean, in all."""
    centred = (points - points.mean(axis=1, keepdims=True)).ravel()
    return math.sqrt(centred @ centred)


def _rotation_to(axis: Float64) -> Float64:
    """Return the smallest rotation that takes z to a unit vector (which is not -z)."""
    x, y, z = axis.tolist()
    k = 1 / (1 + z)
    return np.array([[1 - k * x * x, -k * x * y, x], [-k * x * y, 1 - k * y * y, y], [-x, -y, z]])
