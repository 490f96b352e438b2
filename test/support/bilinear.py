"""Bilinear sampling at 32nds of a pixel in whole numbers, and where OpenCV 4's warp samples.

OpenCV 4's perspective warp is what MediaPipe crops with; OpenCV 5's samples between the 32nds.
"""

from __future__ import annotations

import itertools

import cv2
import numpy as np

STEPS_PER_PX = 32
# The warp adds up anew from each 64th column.
BLOCK = 64


def bilinear(image: np.ndarray, steps: np.ndarray, *, is_black_outside: bool) -> np.ndarray:
    """Sample an image (H, W, C) of 8 bits at steps (S, S, 2), x and y in 32nds of a px.

    Outside of the image all is black, or its edge goes on. Halves of a level are rounded up.
    """
    last = np.array(image.shape[1::-1]) - 1
    pixels, fractions = steps // STEPS_PER_PX, steps % STEPS_PER_PX
    weighted = np.zeros((*steps.shape[:2], image.shape[2]), np.int64)
    for corner in itertools.product((0, 1), repeat=2):
        weight = np.where(corner, fractions, STEPS_PER_PX - fractions).prod(axis=-1)
        nearest = np.clip(pixels + corner, 0, last)
        if is_black_outside:
            weight = weight * (nearest == pixels + corner).all(axis=-1)
        weighted += weight[..., None] * image[nearest[..., 1], nearest[..., 0]].astype(np.int64)
    unit = STEPS_PER_PX**2
    return ((weighted + unit // 2) // unit).astype(np.uint8)


def perspective_steps(to_crop: np.ndarray, size: int) -> np.ndarray:
    """Return where OpenCV 4 samples for a perspective map (3, 3) from the image to a square.

    Returns:
        (S, S, 2) x and y in 32nds of a px, whole.

    Source: OpenCV 4 `imgwarp.cpp`, `warpPerspective`.
    """
    to_image = cv2.invert(to_crop)[1]
    column, row = np.arange(size), np.arange(size)[:, None]
    start = column // BLOCK * BLOCK
    x, y, w = ((to[0] * start + to[1] * row + to[2]) + to[0] * (column - start) for to in to_image)
    return np.rint(np.stack([x, y], axis=-1) * (STEPS_PER_PX / w)[..., None]).astype(int)
