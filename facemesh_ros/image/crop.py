"""Crops of an image, the input of every model, sampled bilinearly on a grid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from facemesh_ros.geometry.affine import image_from_crop, letterbox_roi
from facemesh_ros.types import Float32, Float64, Frame, PixelOrder, Rois

# OpenCV's warpPerspective: it samples at 32nds of a pixel, and adds up from each 64th column.
STEPS_PER_PX, BLOCK = 32, 64


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
    for crop, affine in zip(crops, to_image, strict=True):
        # Right to 0.001 px.
        grid = cv2.transform(_pixels(size), affine)
        _sample(crop, frame, grid, style)  # type: ignore[arg-type]
    return crops


def crop_whole(frame: Frame, style: CropStyle) -> Float32:
    """Sample the whole image, letterboxed, as `crop_rois` would; returns (1, S, S, 3)."""
    size = style.input_size
    crops = np.empty((1, size, size, 3), np.float32)
    _sample(crops[0], frame, letterbox_grid(frame.image_wh, size), style)
    return crops


def _sample(target: Float32, frame: Frame, grid: Float32, style: CropStyle) -> None:
    # On a grid, OpenCV samples at the same 32nds of a pixel as MediaPipe's perspective warp, in
    # half the time; its affine warp is faster by another fifth but often a 32nd off.
    sampled = cv2.remap(  # type: ignore[call-overload]
        frame.image, grid, None, cv2.INTER_LINEAR, borderMode=style.border
    )
    if frame.order is not PixelOrder.RGB:
        sampled = cv2.cvtColor(sampled, _TO_RGB[frame.order])
    np.multiply(sampled, np.float32((1 - style.low) / 255), out=target)
    if style.low:
        target += np.float32(style.low)


@lru_cache(maxsize=4)
def _pixels(input_size: int) -> Float32:
    """Return the x and y of each pixel of a crop, (S, S, 2)."""
    side = np.arange(input_size, dtype=np.float32)
    return np.stack(np.meshgrid(side, side), axis=-1)


@lru_cache(maxsize=4)
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
