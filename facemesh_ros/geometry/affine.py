"""Affine maps between the image and the square inputs of the models.

Points are (x, y) in px with (0, 0) at the centre of the top-left pixel, on both sides. Crops
follow MediaPipe: the ROI's corners map to (0, 0) and (S, S), without a half-pixel shift.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from facemesh_ros import native
from facemesh_ros.types import Float64, Rois


def rotations_from_angles(angles_rad: NDArray[np.floating]) -> Float64:
    """Return N rotations [[cos, −sin], [sin, cos]], (N, 2, 2); positive is clockwise on screen.

    Example: a quarter turn takes x (right) to y (down).
        >>> (rotations_from_angles(np.array([np.pi / 2])) @ [1.0, 0.0]).round(6).tolist()
        [[0.0, 1.0]]
    """
    cos, sin = np.cos(angles_rad, dtype=np.float64), np.sin(angles_rad, dtype=np.float64)
    rotations = np.empty((*cos.shape, 2, 2))
    rotations[..., 0, 0] = rotations[..., 1, 1] = cos
    rotations[..., 1, 0] = sin
    np.negative(sin, out=rotations[..., 0, 1])
    return rotations


def image_from_crop(rois: Rois, input_size: int) -> Float64:
    """Return the maps from each ROI's square crop to the image, y = R diag(w, h) (x/S − ½) + c.

    Args:
        rois: N regions of the image.
        input_size: Side of the crop in px.

    Returns:
        (N, 2, 3) affine maps, crop px to image px.

    Example: the centre of the crop is that of the ROI.
        >>> roi = Rois(np.float32([(30, 40)]), np.float32([(20, 20)]), np.float32([0.5]))
        >>> transform_points(image_from_crop(roi, 192), np.array([[(96, 96)]])).tolist()
        [[[30.0, 40.0]]]

    Source: MediaPipe `image_to_tensor_converter_opencv.cc`.
    """
    return native.image_from_crop(rois.centres, rois.sizes_wh, rois.rotations_rad, input_size)


def transform_points(maps: Float64, points: NDArray[np.floating]) -> Float64:
    """Apply N affine maps (N, 2, 3) to N sets of points, A x + b for each; (N, L, 2) both."""
    return points @ maps[:, :, :2].transpose(0, 2, 1) + maps[:, None, :, 2]


@lru_cache(maxsize=16)
def letterbox_roi(image_wh: tuple[int, int]) -> Rois:
    """Return the smallest square around the whole image, sharing its centre.

    Args:
        image_wh: Image width and height in px.

    Returns:
        One ROI; its crop shows the image centred, aspect ratio kept. Read-only, many share it.

    Raises:
        ValueError: If a side is not positive.

    Example:
        >>> letterbox_roi((640, 480)).sizes_wh.tolist()
        [[640.0, 640.0]]

    Source: MediaPipe `image_to_tensor_utils.cc`, keep_aspect_ratio.
    """
    if min(image_wh) <= 0:
        raise ValueError(f'image sides must be positive, got {image_wh}')
    centre = np.asarray([[side / 2 for side in image_wh]], np.float32)
    arrays = centre, np.full((1, 2), max(image_wh), np.float32), np.zeros(1, np.float32)
    for array in arrays:
        array.setflags(write=False)
    return Rois(*arrays)
