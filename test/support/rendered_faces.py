"""Camera images of a moving face, with its true landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from face_motions import Pose
from face_warps import Expression, FaceWarp

from facemesh_ros.geometry.affine import rotations_from_angles
from facemesh_ros.types import Float32, Float64, UInt8

IMAGE_WH = (640, 480)
EYE_DISTANCE_PX = 100.0
NOISE_LEVELS = 3.0
JPEG_QUALITY = 85


@dataclass(frozen=True)
class Portrait:
    """A picture of one face.

    Attributes:
        picture: (H, W, 3) BGR.
        landmarks: (L, 3) px, its landmarks.
        warp: Deforms its face.
    """

    picture: UInt8
    landmarks: Float32
    warp: FaceWarp

    def image_from_picture(self, pose: Pose) -> Float64:
        """Return the affine (2, 3) of a pose, picture px to image px."""
        rest = EYE_DISTANCE_PX / self.warp.eye_distance_px
        linear = rest * pose.scale * rotations_from_angles(np.array([pose.roll_rad]))[0]
        middle = self.landmarks[:468, :2].mean(axis=0)
        centre = 0.5 * np.array(IMAGE_WH) + EYE_DISTANCE_PX * np.array(pose.shift_xy)
        return np.column_stack([linear, centre - linear @ middle])

    def truth(self, pose: Pose) -> Float64:
        """Return the true landmarks in the image, (L, 2) px."""
        affine = self.image_from_picture(pose)
        moved = self.warp.moved(self.landmarks[:, :2].astype(np.float64), pose.expression)
        return moved @ affine[:, :2].T + affine[:, 2]

    def image(self, pose: Pose) -> UInt8:
        """Render the image (H, W, 3) BGR without noise."""
        inverse = cv2.invertAffineTransform(self.image_from_picture(pose))
        if pose.expression == Expression():
            return np.asarray(
                cv2.warpAffine(
                    self.picture,
                    inverse,
                    IMAGE_WH,
                    flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                    borderMode=cv2.BORDER_REPLICATE,
                ),
                np.uint8,
            )
        targets = cv2.transform(_pixels(), inverse)
        sources = self.warp.sources(targets, pose.expression).astype(np.float32)
        return np.asarray(
            cv2.remap(
                self.picture, sources, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            ),
            np.uint8,
        )


@cache
def _pixels() -> Float64:
    """Return the coordinates of all pixels, (H, W, 2)."""
    width, height = IMAGE_WH
    return np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(np.float64)


def with_camera_noise(image: UInt8, random: np.random.Generator) -> UInt8:
    """Add sensor noise to an image and compress it as JPEG."""
    noise = random.standard_normal(image.shape, np.float32) * np.float32(NOISE_LEVELS)
    noisy = np.clip(image + noise, 0, 255).astype(np.uint8)
    _, encoded = cv2.imencode('.jpg', noisy, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
