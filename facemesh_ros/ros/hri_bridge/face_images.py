"""Pictures of single faces: `cropped`, and `aligned`, in which the eyes are level."""

from __future__ import annotations

import math

import cv2
import numpy as np

from facemesh_ros.geometry.named_points import NAMED_POINTS
from facemesh_ros.types import Float32, Float64, Frame, PixelOrder, UInt8

_TO_BGR = {
    PixelOrder.MONO: cv2.COLOR_GRAY2BGR,
    PixelOrder.RGB: cv2.COLOR_RGB2BGR,
    PixelOrder.RGBA: cv2.COLOR_RGBA2BGR,
    PixelOrder.BGRA: cv2.COLOR_BGRA2BGR,
}
# The corners of an eye stay where they are when it looks elsewhere.
_RIGHT_EYE = [NAMED_POINTS['right_eye_outer'], NAMED_POINTS['right_eye_inner']]
_LEFT_EYE = [NAMED_POINTS['left_eye_inner'], NAMED_POINTS['left_eye_outer']]
# Samples of each pixel along a side; more would be slower without looking better.
MOST_SAMPLES = 8


def cropped_face(frame: Frame, box_xyxy: Float32, size_wh: tuple[int, int]) -> UInt8:
    """Return what the box holds of an image.

    Args:
        frame: The image.
        box_xyxy: (4,) px; may reach outside the image, where it is black.
        size_wh: Width and height of the result, px.

    Returns:
        (H, W, 3) BGR: the box with its aspect ratio, as large as fits, centred, black around it.
    """
    return _cut_out(frame, np.asarray(box_xyxy, float).reshape(2, 2), 0.0, size_wh)


def aligned_face(frame: Frame, landmarks: Float32, size_wh: tuple[int, int]) -> UInt8:
    """Return the upright box around a face's landmarks (L, 2 or more) px; see `cropped_face`.

    The subject's right eye is as high as the left one, and to the left of it in the picture.
    """
    points = landmarks[:, :2].astype(float)
    across = points[_LEFT_EYE].mean(axis=0) - points[_RIGHT_EYE].mean(axis=0)
    roll_rad = math.atan2(across[1], across[0])
    turned = points @ _rotation(roll_rad)
    return _cut_out(frame, np.array([turned.min(axis=0), turned.max(axis=0)]), roll_rad, size_wh)


def _cut_out(frame: Frame, box: Float64, roll_rad: float, size_wh: tuple[int, int]) -> UInt8:
    """Sample a box (top left, bottom right) in axes that are turned clockwise by `roll_rad`."""
    width, height = size_wh
    picture = np.zeros((height, width, 3), np.uint8)
    sides = box[1] - box[0]
    if not (np.isfinite(sides).all() and (sides > 0).all()):
        return picture
    scale = float((sides / size_wh).max())  # px of the image for one of the picture
    inner_w, inner_h = np.maximum(np.rint(sides / scale), 1).astype(int).tolist()
    samples = min(max(math.ceil(scale), 1), MOST_SAMPLES)
    step = scale / samples
    first = (box.mean(axis=0) - np.array([inner_w, inner_h]) * scale / 2 + step / 2) @ _rotation(
        -roll_rad
    )
    to_image = np.column_stack([_rotation(-roll_rad).T * step, first])
    dense = cv2.warpAffine(
        frame.image,
        to_image,
        (inner_w * samples, inner_h * samples),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
    )
    if samples > 1:
        dense = cv2.resize(dense, (inner_w, inner_h), interpolation=cv2.INTER_AREA)
    if frame.order is not PixelOrder.BGR:
        dense = cv2.cvtColor(dense, _TO_BGR[frame.order])
    left, top = (width - inner_w) // 2, (height - inner_h) // 2
    picture[top : top + inner_h, left : left + inner_w] = dense
    return picture


def _rotation(angle_rad: float) -> Float64:
    """Return the matrix that points, as rows, are multiplied by to turn them back by an angle."""
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    return np.array([[cos, -sin], [sin, cos]])
