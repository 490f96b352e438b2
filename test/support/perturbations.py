"""Small perturbations of a picture: the same faces at other positions of the detector's grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from ground_truth import Float64
from numpy.typing import NDArray

RGB = NDArray[np.uint8]
NOISE_LEVELS = 8.0


@dataclass(frozen=True)
class Perturbation:
    """An affine motion of a picture, and noise.

    Attributes:
        name: For people.
        affine: Returns the motion (2, 3), px to px, for a picture's size.
        noise_levels: Standard deviation of the noise added to each value.
    """

    name: str
    affine: Callable[[tuple[int, int]], Float64]
    noise_levels: float = 0.0

    def apply(self, rgb: RGB) -> RGB:
        """Return the perturbed picture, of the same size."""
        image_wh = (rgb.shape[1], rgb.shape[0])
        moved = cv2.warpAffine(
            rgb,
            self.affine(image_wh),
            image_wh,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        noise = np.random.default_rng(0).normal(0, self.noise_levels, rgb.shape)
        return np.clip(np.round(moved + noise), 0, 255).astype(np.uint8)

    def move_points(self, points: Float64, image_wh: tuple[int, int]) -> Float64:
        """Return the perturbed positions of (N, 2) points px."""
        affine = self.affine(image_wh)
        return np.asarray(points @ affine[:, :2].T + affine[:, 2])


def _about_centre(scale: float, degrees: float) -> Callable[[tuple[int, int]], Float64]:
    return lambda image_wh: np.asarray(
        cv2.getRotationMatrix2D(((image_wh[0] - 1) / 2, (image_wh[1] - 1) / 2), degrees, scale)
    )


def _shift(x: float, y: float) -> Callable[[tuple[int, int]], Float64]:
    return lambda _: np.array([[1, 0, x], [0, 1, y]], float)


PERTURBATIONS = (
    Perturbation('none', _shift(0, 0)),
    Perturbation('noise', _shift(0, 0), NOISE_LEVELS),
    Perturbation('shifted', _shift(7.3, 4.6)),
    Perturbation('smaller', _about_centre(0.8, 0)),
    Perturbation('larger', _about_centre(1.15, 0)),
    Perturbation('rotated left', _about_centre(1, 10)),
    Perturbation('rotated right', _about_centre(1, -10)),
)
