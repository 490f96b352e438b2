"""Crops of an image, the input of every model: one rule of sampling for the CPU and the GPU.

A sample lies at the sum of one float32 per column and one per row, rounded to a 32nd of a pixel,
halves to the even one. The four pixels around it are weighed exactly, and the level is rounded,
halves up. None of this depends on the processor, the GPU or the release of OpenCV.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.affine import image_from_crop, letterbox_roi
from facemesh_ros.types import Float32, Float64, Frame, PixelOrder, Rois, UInt8

STEPS_PER_PX = 32
# What cv2.remap takes: (S, S, 2) int16 pixels, (S, S) uint16 fractions.
FixedPoint = tuple[NDArray[np.int16], NDArray[np.uint16]]
# The warpPerspective of OpenCV 4 adds up anew from each 64th column.
BLOCK = 64
# Largest steps from one pixel of a crop to the next, and largest offset, px: farther out lies no
# image, and float32 and the maps of OpenCV have no 32nds of a pixel.
FARTHEST = np.array([1024.0, 1024.0, 2.0**18])
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


DETECTOR_BORDER = cv2.BORDER_CONSTANT
LANDMARK_BORDER = cv2.BORDER_REPLICATE


def detector_style(input_size: int) -> CropStyle:
    """Return the input format of a detector: black outside the image."""
    return CropStyle(input_size, -1.0, DETECTOR_BORDER)


def landmark_style(input_size: int) -> CropStyle:
    """Return the input format of a landmark model: the image's edge is repeated outside."""
    return CropStyle(input_size, 0.0, LANDMARK_BORDER)


_TO_RGB = {
    PixelOrder.MONO: cv2.COLOR_GRAY2RGB,
    PixelOrder.BGR: cv2.COLOR_BGR2RGB,
    PixelOrder.RGBA: cv2.COLOR_RGBA2RGB,
    PixelOrder.BGRA: cv2.COLOR_BGRA2RGB,
}


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
    if np.count_nonzero(sample > DARK_LEVEL) > BRIGHT_SHARE * sample.size:
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
    size = style.input_size
    crops = np.empty((len(to_image), size, size, 3), np.float32)
    # As complex numbers x and y are added in one pass.
    in_px = (_columns_and_rows(to_image, size) * np.float32(1 / STEPS_PER_PX)).view(np.complex64)
    for crop, (columns, rows) in zip(crops, in_px[..., 0], strict=True):
        grid = (columns + rows[:, None]).view(np.float32).reshape(size, size, 2)
        _sample(crop, frame, _fixed_point(grid), style)
    return crops


def crop_whole(frame: Frame, style: CropStyle) -> Float32:
    """Sample the whole image, letterboxed, as `crop_rois` would; returns (1, S, S, 3)."""
    size = style.input_size
    crops = np.empty((1, size, size, 3), np.float32)
    _sample(crops[0], frame, _letterbox_maps(frame.image_wh, size), style)
    return crops


def _sample(target: Float32, frame: Frame, maps: FixedPoint, style: CropStyle) -> None:
    # With maps in 32nds of a pixel every release of OpenCV interpolates exactly. A grid of floats
    # OpenCV 4 rounds to 32nds and OpenCV 5 does not; warpAffine samples beside MediaPipe's pixels.
    sampled = cv2.remap(frame.image, *maps, cv2.INTER_LINEAR, borderMode=style.border)
    if frame.order is not PixelOrder.RGB:
        sampled = cv2.cvtColor(sampled, _TO_RGB[frame.order])
    # numpy converts first and multiplies then in less time than it takes for both at once.
    target[...] = sampled
    target *= np.float32((1 - style.low) / 255)
    if style.low:
        target += np.float32(style.low)


def _fixed_point(grid: Float32) -> FixedPoint:
    """Round positions (S, S, 2) px to 32nds: whole pixels, and both fractions as one number."""
    maps: FixedPoint = cv2.convertMaps(grid, None, cv2.CV_16SC2)  # type: ignore[call-overload]
    return maps


def affine_samples(maps: Float64, size: int) -> tuple[Float32, Float32]:
    """Return where N crops are sampled: at the sum of a column's and a row's value, rounded.

    Args:
        maps: (N, 2, 3) affine maps, crop px to image px.
        size: Side S of the crops in px.

    Returns:
        Columns (N, 1, S, 2) and rows (N, S, 1, 2), x and y in 32nds of a px.
    """
    both = _columns_and_rows(maps, size)
    return both[:, 0, None], both[:, 1, :, None]


def _columns_and_rows(maps: Float64, size: int) -> Float32:
    """Return the same as one array, (N, 2, S, 2)."""
    # An invalid region (NaN) must not spoil a batch: it samples some pixel.
    steps = np.fmax(np.fmin(maps, FARTHEST), -FARTHEST) * STEPS_PER_PX
    positions = steps[:, :, :2, None] * np.arange(size)
    positions[:, :, 1] += steps[:, :, 2:]
    both: Float32 = positions.transpose(0, 2, 3, 1).astype(np.float32, order='C')
    return both


# Several cameras, each of its size, and both detectors.
@lru_cache(maxsize=16)
def _letterbox_maps(image_wh: tuple[int, int], size: int) -> FixedPoint:
    return _fixed_point(letterbox_grid(image_wh, size))


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
