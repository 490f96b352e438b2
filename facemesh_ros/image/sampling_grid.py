"""Sampling grids: where in the image each pixel of a crop lies."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from facemesh_ros.geometry.affine import letterbox_roi
from facemesh_ros.types import Float32, Float64

# OpenCV's warpPerspective: it samples at 32nds of a pixel, and adds up from each 64th column.
STEPS_PER_PX, BLOCK = 32, 64


def affine_grid(image_from_crop: Float64, input_size: int) -> Float32:
    """Return (S, S, 2) px of the image, right to 0.001 px, from one (2, 3) affine map."""
    return cv2.transform(_pixels(input_size), image_from_crop)  # type: ignore[return-value]


@lru_cache(maxsize=4)
def _pixels(input_size: int) -> Float32:
    side = np.arange(input_size, dtype=np.float32)
    return np.stack(np.meshgrid(side, side), axis=-1)


@lru_cache(maxsize=4)
def letterbox_grid(image_wh: tuple[int, int], input_size: int) -> Float32:
    """Return the grid of the whole image in a square, equal to MediaPipe's in each 32nd of a px.

    At many image sizes pixels lie half-way between two 32nds, and the noise in the last bits of
    OpenCV's perspective map says which of them MediaPipe takes; detections follow by up to half a
    pixel. So this adds up in OpenCV's order, once for each image size.

    Args:
        image_wh: Image width and height in px.
        input_size: Side S of the square in px.

    Returns:
        (S, S, 2) px of the image.

    Source: MediaPipe `image_to_tensor_converter_opencv.cc`; OpenCV 4 `imgwarp.cpp`.
    """
    column, row = np.arange(input_size), np.arange(input_size)[:, None]
    start = column // BLOCK * BLOCK
    x, y, w = (
        (to[0] * start + to[1] * row + to[2]) + to[0] * (column - start)
        for to in _perspective(image_wh, input_size)
    )
    grid: Float64 = np.stack([x, y], axis=-1) * (STEPS_PER_PX / w)[..., None]
    return (np.rint(grid) / STEPS_PER_PX).astype(np.float32)


def _perspective(image_wh: tuple[int, int], input_size: int) -> Float64:
    """Return the (3, 3) map from the square to the image, with MediaPipe's noise in it."""
    roi = letterbox_roi(image_wh)
    corners = np.array([[0, 1], [0, 0], [1, 0], [1, 1]], np.float32)
    in_image = roi.centres + roi.sizes_wh * (corners - np.float32(0.5))
    crop_from_image = cv2.getPerspectiveTransform(in_image, corners * np.float32(input_size))
    return cv2.invert(crop_from_image)[1]  # type: ignore[return-value]
