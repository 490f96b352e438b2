"""Pictures disturbed a little: the same faces, other pixels for the detector's grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .faces import Float64

RGB = NDArray[np.uint8]
NOISE_LEVELS = 8.0


@dataclass(frozen=True)
class Disturbance:
    """A small change of a picture.

    Attributes:
        name: For people.
        motion: Gives the affine map (2, 3), px to px, for a picture's size.
        noise_levels: Standard deviation of what is added to each value.
    """

    name: str
    motion: Callable[[tuple[int, int]], Float64]
    noise_levels: float = 0.0

    def disturbed(self, rgb: RGB) -> RGB:
        """Return the picture changed, as large as before."""
        image_wh = (rgb.shape[1], rgb.shape[0])
        moved = cv2.warpAffine(
            rgb,
            self.motion(image_wh),
            image_wh,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        noise = np.random.default_rng(0).normal(0, self.noise_levels, rgb.shape)
        return np.clip(np.round(moved + noise), 0, 255).astype(np.uint8)

    def moved(self, points: Float64, image_wh: tuple[int, int]) -> Float64:
        """Return where (N, 2) points px of the picture have gone."""
        motion = self.motion(image_wh)
        return np.asarray(points @ motion[:, :2].T + motion[:, 2])


def _about_centre(scale: float, degrees: float) -> Callable[[tuple[int, int]], Float64]:
    return lambda image_wh: np.asarray(
        cv2.getRotationMatrix2D(((image_wh[0] - 1) / 2, (image_wh[1] - 1) / 2), degrees, scale)
    )


def _shift(x: float, y: float) -> Callable[[tuple[int, int]], Float64]:
    return lambda _: np.array([[1, 0, x], [0, 1, y]], float)


DISTURBANCES = (
    Disturbance('as it is', _shift(0, 0)),
    Disturbance('noise', _shift(0, 0), NOISE_LEVELS),
    Disturbance('shifted', _shift(7.3, 4.6)),
    Disturbance('smaller', _about_centre(0.8, 0)),
    Disturbance('larger', _about_centre(1.15, 0)),
    Disturbance('turned left', _about_centre(1, 10)),
    Disturbance('turned right', _about_centre(1, -10)),
)
