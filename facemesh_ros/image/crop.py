"""Sampling of rotated crops, the input of every model."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from facemesh_ros.geometry.affine import image_from_crop
from facemesh_ros.image.sampling_grid import affine_grid, letterbox_grid
from facemesh_ros.types import Float32, Float64, Frame, PixelOrder, Rois


@dataclass(frozen=True, slots=True)
class CropStyle:
    """How a model wants its input.

    Attributes:
        input_size: Side of the square input in px.
        low: Value of black; white is 1.
        border: What lies outside the image, an OpenCV border type.
    """

    input_size: int
    low: float
    border: int


DETECTOR_BORDER = cv2.BORDER_CONSTANT
LANDMARK_BORDER = cv2.BORDER_REPLICATE


def detector_style(input_size: int) -> CropStyle:
    """Return how a detector wants its input: black outside the image."""
    return CropStyle(input_size, -1.0, DETECTOR_BORDER)


def landmark_style(input_size: int) -> CropStyle:
    """Return how a landmark model wants its input: the image's edge goes on outside."""
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
        style: What the model wants.

    Returns:
        (N, S, S, 3) in [style.low, 1].
    """
    return crop_maps(frame, image_from_crop(rois, style.input_size), style)


def crop_maps(frame: Frame, to_image: Float64, style: CropStyle) -> Float32:
    """Sample as `crop_rois` does, by the N affine maps (N, 2, 3) of `image_from_crop`."""
    size = style.input_size
    crops = np.empty((len(to_image), size, size, 3), np.float32)
    for crop, affine in zip(crops, to_image, strict=True):
        _sample(crop, frame, affine_grid(affine, size), style)
    return crops


def crop_whole(frame: Frame, style: CropStyle) -> Float32:
    """Sample the whole image, letterboxed, as `crop_rois` would; returns (1, S, S, 3)."""
    size = style.input_size
    crops = np.empty((1, size, size, 3), np.float32)
    _sample(crops[0], frame, letterbox_grid(frame.image_wh, size), style)
    return crops


def _sample(target: Float32, frame: Frame, grid: Float32, style: CropStyle) -> None:
    # With a grid, OpenCV samples at the 32nds of a pixel that MediaPipe's perspective warp takes,
    # in half the time; its affine warp is faster by another fifth but often a 32nd off.
    sampled = cv2.remap(  # type: ignore[call-overload]
        frame.image, grid, None, cv2.INTER_LINEAR, borderMode=style.border
    )
    if frame.order is not PixelOrder.RGB:
        sampled = cv2.cvtColor(sampled, _TO_RGB[frame.order])
    np.multiply(sampled, np.float32((1 - style.low) / 255), out=target)
    if style.low:
        target += np.float32(style.low)
