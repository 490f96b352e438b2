"""Crops of an image, the input of every model: one rule of sampling for the CPU and the GPU.

A sample lies at the sum of one float32 per column and one per row, rounded to a 32nd of a pixel,
halves to the even one. The four pixels around it are weighed exactly, and the level is rounded,
halves up. None of this depends on the processor, the GPU or the release of OpenCV.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from facemesh_ros import native
from facemesh_ros.geometry.affine import image_from_crop, letterbox_roi
from facemesh_ros.types import Float32, Float64, Frame, Int32, Rois, UInt8

STEPS_PER_PX = 32
# The warpPerspective of OpenCV 4 adds up anew from each 64th column.
BLOCK = 64
# An image is dark if fewer than 2 % of its values exceed a quarter of white: detectors begin to
# miss faces there. Below the least level nothing is left but the sensor's noise. From the first
# to half of it the gain rises from 1, so that faces do not change from one image to the next.
DARK_LEVEL, LEAST_LEVEL, BRIGHT_SHARE = 64, 3, 0.02
# What that level becomes; the step between two levels of a dark image is then many levels wide,
# and is smoothed over about a pixel.
TARGET_LEVEL, SMOOTHING_PX = 200, 0.8
# Every so many pixels of every so many rows are measured.
STRIDE = 16


@dataclass(frozen=True, slots=True)
class CropStyle:
    """Input format of a model.

    Attributes:
        input_size: Side of the square input in px.
        low: Value of black; white is 1.
        border: OpenCV border type for pixels outside the image.
    """

    input_size: int
    low: float
    border: int

    def sampling(self, frame: Frame) -> dict[str, Any]:
        """Return how a frame is sampled for it, as `native` takes it."""
        return {
            'scale': (1 - self.low) / 255,
            'low': self.low,
            'is_black_outside': self.border == DETECTOR_BORDER,
            'is_blue_first': frame.order.value[0] > 0,
        }


DETECTOR_BORDER = cv2.BORDER_CONSTANT
LANDMARK_BORDER = cv2.BORDER_REPLICATE


def detector_style(input_size: int) -> CropStyle:
    """Return the input format of a detector: black outside the image."""
    return CropStyle(input_size, -1.0, DETECTOR_BORDER)


def landmark_style(input_size: int) -> CropStyle:
    """Return the input format of a landmark model: the image's edge is repeated outside."""
    return CropStyle(input_size, 0.0, LANDMARK_BORDER)


def brightened(frame: Frame) -> Frame:
    """Return the frame itself, or a brighter one where it is too dark for the models.

    gain = 1 + min(1, (64 - v) / 32) (200 / v - 1) where 2 % of the image's values are v < 64 or
    more.

    Example:
        >>> from facemesh_ros.types import PixelOrder
        >>> dark = Frame(np.full((32, 32, 3), 10, np.uint8), PixelOrder.RGB)
        >>> int(brightened(dark).image.max())
        200
    """
    sample = frame.image[::STRIDE, ::STRIDE]
    if sample.ndim == 3:
        sample = sample[..., :3]  # the opacity of RGBA says nothing
    if native.count_above(sample, DARK_LEVEL) > BRIGHT_SHARE * sample.size:
        return frame
    level = float(np.quantile(sample, 1 - BRIGHT_SHARE))
    if level < LEAST_LEVEL:
        return frame
    part = min(1.0, (DARK_LEVEL - level) / (DARK_LEVEL / 2))
    if part <= 0:
        return frame
    scaled = cv2.convertScaleAbs(frame.image, alpha=1 + part * (TARGET_LEVEL / level - 1))
    smooth: UInt8 = cv2.GaussianBlur(  # type: ignore[assignment]
        scaled, (0, 0), part * SMOOTHING_PX, borderType=cv2.BORDER_REPLICATE
    )
    return replace(frame, image=smooth)


def crop_rois(frame: Frame, rois: Rois, style: CropStyle) -> Float32:
    """Sample the ROIs of a frame bilinearly, in RGB.

    Args:
        frame: The image.
        rois: N regions of it; may reach outside.
        style: Input format of the model.

    Returns:
        (N, S, S, 3) in [style.low, 1].
    """
    return crop_maps(frame, image_from_crop(rois, style.input_size), style)


def crop_maps(frame: Frame, to_image: Float64, style: CropStyle) -> Float32:
    """Sample as `crop_rois` does, by N affine maps (N, 2, 3) from crop to image."""
    return native.sample_maps(frame.image, to_image, style.input_size, **style.sampling(frame))


def crop_whole(frame: Frame, style: CropStyle) -> Float32:
    """Sample the whole image, letterboxed, as `crop_rois` would; returns (1, S, S, 3)."""
    grid = _letterbox_steps(frame.image_wh, style.input_size)
    return native.sample_positions(frame.image, grid, **style.sampling(frame))


def affine_samples(maps: Float64, size: int) -> tuple[Float32, Float32]:
    """Return where N crops are sampled: at the sum of a column's and a row's value, rounded.

    Args:
        maps: (N, 2, 3) affine maps, crop px to image px.
        size: Side S of the crops in px.

    Returns:
        Columns (N, 1, S, 2) and rows (N, S, 1, 2), x and y in 32nds of a px.
    """
    return native.affine_samples(maps, size)


# Several cameras, each of its size, and both detectors.
@lru_cache(maxsize=16)
def _letterbox_steps(image_wh: tuple[int, int], size: int) -> Int32:
    return np.rint(letterbox_grid(image_wh, size) * STEPS_PER_PX).astype(np.int32)


@lru_cache(maxsize=64)
def letterbox_samples(image_wh: tuple[int, int], size: int) -> tuple[Float32, Float32]:
    """Return columns and rows, as `affine_samples` does for one crop, of `letterbox_grid`.

    At some image sizes the rounding of that grid differs between rows; then the median counts.
    """
    grid = letterbox_grid(image_wh, size)
    columns, rows = np.zeros((2, size, 2), np.float32)
    columns[:, 0] = STEPS_PER_PX * np.median(grid[..., 0], axis=0)
    rows[:, 1] = STEPS_PER_PX * np.median(grid[..., 1], axis=1)
    return columns[None, None], rows[None, :, None]


def letterbox_grid(image_wh: tuple[int, int], input_size: int) -> Float32:
    """Return the sampling grid of the letterboxed whole image, MediaPipe's to the 32nd of a px.

    At many image sizes pixels lie half-way between two 32nds, and rounding errors in the last bits
    of OpenCV's perspective map decide which MediaPipe samples; detections then differ by up
    to half a pixel. So this adds up in OpenCV's order, once for each image size.

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
    """Return the (3, 3) map from the square to the image, with MediaPipe's rounding errors."""
    roi = letterbox_roi(image_wh)
    corners = np.array([[0, 1], [0, 0], [1, 0], [1, 1]], np.float32)
    in_image = roi.centres + roi.sizes_wh * (corners - np.float32(0.5))
    crop_from_image = cv2.getPerspectiveTransform(in_image, corners * np.float32(input_size))
    return cv2.invert(crop_from_image)[1]  # type: ignore[return-value]
