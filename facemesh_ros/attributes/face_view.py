"""A face as a pinhole camera sees it that is turned to it: every lens takes this one path."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from facemesh_ros.geometry.rotations import rotation_between
from facemesh_ros.types import Camera, Float32, Float64

# What px of landmarks are less than this from their mean, root mean square, is no face.
MIN_SPREAD_PX = 1e-3


class NoFaceError(ValueError):
    """Landmarks that have no extent or are not finite."""


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

        Raises:
            NoFaceError: If the landmarks have no extent or are not finite.
        """
        return cls.along_rays(landmarks, camera.rays_from_pixels(landmarks[:, :2]))

    @classmethod
    def along_rays(cls, landmarks: Float32 | Float64, rays: Float64) -> FaceView:
        """Turn to a face whose landmarks (L, 3) px are seen along `rays` (L, 3).

        Raises:
            NoFaceError: If the landmarks have no extent or are not finite.
        """
        middle = (ones(len(rays)) @ rays).tolist()
        length = math.hypot(*middle) or 1.0
        rotation = rotation_between((0.0, 0.0, 1.0), [part / length for part in middle])
        turned = rotation.T @ rays.T
        points = np.empty((6, len(rays)))
        np.divide(turned[:2], turned[2], out=points[:2])
        points[2:5] = landmarks.T[[2, 0, 1]]
        points[5] = 1
        # Sums of squares about the mean by one product.
        *moments, sums = (points @ points.T).tolist()
        left, down, z, u, v = (row[i] - sums[i] ** 2 / sums[5] for i, row in enumerate(moments))
        if not (u + v > MIN_SPREAD_PX**2 * sums[5] and math.isfinite(z + u + v)):
            raise NoFaceError
        plane_per_px = math.sqrt((left + down) / (u + v))
        points[2] *= plane_per_px
        return cls(rotation, points[:3], rays, plane_per_px)


@cache
def ones(count: int) -> Float64:
    """Return what sums an axis in a product, which is faster than `sum` for a few hundred."""
    ones = np.ones(count)
    ones.setflags(write=False)
    return ones
