"""Sampling of rotated crops, the input of every model."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from facemesh_ros.core.affine import image_from_crop
from facemesh_ros.core.types import Float32, Float64, Frame, Rois, UInt8


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


def crop_rois(frame: Frame, rois: Rois, style: CropStyle) -> Float32:
    """Sample the ROIs of a frame bilinearly, in RGB.

    Args:
        frame: The image.
        rois: N regions of it; may reach outside.
        style: What the model wants.

    Returns:
        (N, S, S, 3) in [style.low, 1].
    """
    size = style.input_size
    crops = np.empty((len(rois), size, size, 3), np.float32)
    for crop, affine in zip(crops, image_from_crop(rois, size), strict=True):
        _write_rgb(crop, _sample(frame.image, affine, style), frame, style.low)
    return crops


def _sample(image: UInt8, affine: Float64, style: CropStyle) -> UInt8:
    # MediaPipe warps by perspective; that moves landmarks by less than half a pixel at most and
    # costs twice as much.
    return cv2.warpAffine(  # type: ignore[return-value]
        image,
        affine,
        (style.input_size, style.input_size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=style.border,
    )


def _write_rgb(target: Float32, sampled: UInt8, frame: Frame, low: float) -> None:
    """Bring a crop to RGB and from [0, 255] to [low, 1], straight into the batch."""
    colours = sampled.reshape(*sampled.shape[:2], -1)[..., list(frame.order.rgb_indices)]
    np.multiply(colours, np.float32((1 - low) / 255), out=target)
    target += np.float32(low)
