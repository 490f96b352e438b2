"""A face as a pinhole camera sees it that is turned to it: every lens takes this one path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facemesh_ros.types import Camera, Float32, Float64


@dataclass(frozen=True, slots=True)
class FaceView:
    """The L landmarks of one face in a camera that looks straight at it; focal length 1.

    The landmark model sees a crop whose middle the face is, so its z, too, runs along this
    camera's axis, and not along that of the real one.

    Attributes:
        rotation: (3, 3) optical axes of the real camera from those of this one.
        points: (3, L) image plane x, y and the mesh's z in the same unit, smaller is nearer.
        rays: (L, 3) unit vectors in the optical frame of the real camera.
    """

    rotation: Float64
    points: Float64
    rays: Float64

    @classmethod
    def from_landmarks(cls, landmarks: Float32 | Float64, camera: Camera) -> FaceView:
        """Turn to a face.

        Args:
            landmarks: (L, 3) px; z in px of the same scale.
            camera: Of their pixels.
        """
        rays = camera.rays_from_pixels(landmarks[:, :2])
        middle = rays.mean(axis=0)
        rotation = _rotation_to(middle / np.sqrt(middle @ middle))
        turned = rotation.T @ rays.T
        plane = turned[:2] / turned[2]
        return cls(rotation, np.vstack([plane, _depths(landmarks, plane)]), rays)


def _depths(landmarks: Float32 | Float64, plane: Float64) -> Float64:
    """Return the mesh's z in units of the image plane, by how large the face is in both."""
    pixels = landmarks[:, :2].astype(float)
    scale = np.sqrt(plane.var(axis=1).sum() / pixels.var(axis=0).sum())
    depths: Float64 = landmarks[:, 2] * scale
    return depths


def _rotation_to(axis: Float64) -> Float64:
    """Return the smallest rotation that takes z to a unit vector (which is not -z)."""
    x, y, z = axis
    k = 1 / (1 + z)
    return np.array([[1 - k * x * x, -k * x * y, x], [-k * x * y, 1 - k * y * y, y], [-x, -y, z]])
