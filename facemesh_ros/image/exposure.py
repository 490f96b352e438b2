"""Exposure: images that are far too dark, brightened for the models."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from facemesh_ros.types import Frame, UInt8

# An image is too dark if fewer than 2 % of its values exceed a quarter of white: detectors begin
# to miss faces there. Below the least level nothing is left but the sensor's noise.
DARK_LEVEL, LEAST_LEVEL, BRIGHT_SHARE = 64, 3, 0.02
# What that level becomes; the step between two levels of a dark image is then many levels wide,
# and is smoothed over about a pixel.
TARGET_LEVEL, SMOOTHING_PX = 200, 0.8
# Every so many pixels of every so many rows are measured.
STRIDE = 16


def brightened(frame: Frame) -> Frame:
    """Return the frame itself, or a brighter one where it is too dark for the models.

    gain = 200 / v, where 2 % of the image's values are v or more, if v < 64.

    Example:
        >>> from facemesh_ros.types import PixelOrder
        >>> dark = Frame(np.full((32, 32, 3), 10, np.uint8), PixelOrder.RGB)
        >>> int(brightened(dark).image.max())
        200
    """
    sample = frame.image[::STRIDE, ::STRIDE]
    if np.count_nonzero(sample > DARK_LEVEL) > BRIGHT_SHARE * sample.size:
        return frame
    level = float(np.quantile(sample, 1 - BRIGHT_SHARE))
    if level < LEAST_LEVEL:
        return frame
    scaled = cv2.convertScaleAbs(frame.image, alpha=TARGET_LEVEL / level)
    smooth: UInt8 = cv2.GaussianBlur(  # type: ignore[assignment]
        scaled, (0, 0), SMOOTHING_PX, borderType=cv2.BORDER_REPLICATE
    )
    return replace(frame, image=smooth)
