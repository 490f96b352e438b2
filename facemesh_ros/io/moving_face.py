"""A moving picture of a real face, for demos on machines without a camera."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from facemesh_ros.errors import FacemeshError
from facemesh_ros.geometry.affine import rotations_from_angles
from facemesh_ros.types import UInt8

# Logitech C920: 78 degrees across the diagonal of 16:9 are 43 from top to bottom.
WEBCAM_VERTICAL_FOV_RAD = math.radians(43)
# Where the face of scikit-image's `astronaut` is, px.
ASTRONAUT_FACE_XY = (222.0, 118.0)


@dataclass(frozen=True, slots=True)
class MovingFace:
    """A portrait that sways, nods and changes its distance, smoothly and without end.

    Attributes:
        portrait: (H, W, 3).
        face_xy: Centre of the face in the portrait, px.
        image_wh: Size of the images to make, px.
    """

    portrait: UInt8
    face_xy: tuple[float, float]
    image_wh: tuple[int, int]

    def image_at(self, time_s: float) -> UInt8:
        """Return the image at a time, s."""
        return np.asarray(
            cv2.warpAffine(
                self.portrait,
                self.image_from_portrait(time_s),
                self.image_wh,
                flags=cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            ),
            np.uint8,
        )

    def image_from_portrait(self, time_s: float) -> np.ndarray:
        """Return the motion at a time as an affine map (2, 3), px to px."""
        width, height = self.image_wh
        turn = 2 * math.pi * time_s
        angle = 0.2 * math.sin(turn / 5.3)
        scale = height / 512 * (1.9 + 0.5 * math.sin(turn / 7.1))
        centre = np.array(
            [
                width * (0.5 + 0.14 * math.sin(turn / 4.1)),
                height * (0.5 + 0.07 * math.sin(turn / 2.9)),
            ]
        )
        linear = scale * rotations_from_angles(np.array([angle]))[0]
        return np.column_stack([linear, centre - linear @ self.face_xy])


def moving_astronaut(image_wh: tuple[int, int]) -> MovingFace:
    """Return the moving face of Eileen Collins, a NASA picture that scikit-image brings.

    Raises:
        FacemeshError: If scikit-image is not installed.
    """
    try:
        from skimage.data import astronaut
    except ImportError as error:
        raise FacemeshError(
            'the bundled face comes with scikit-image: `pip install scikit-image`, or show your '
            'own with --camera, --video or --image'
        ) from error
    portrait = np.ascontiguousarray(astronaut()[..., ::-1])
    return MovingFace(portrait, ASTRONAUT_FACE_XY, image_wh)
