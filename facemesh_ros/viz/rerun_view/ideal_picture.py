"""The picture as an ideal pinhole camera would have taken it: what fits in a frustum in space."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from facemesh_ros.types import Camera, Float32, Float64, UInt8

WIDTH = 640
# Of a ray from the axis, each way: a wider one would leave of a fisheye's middle a few pixels.
MAX_SLOPE = math.tan(math.radians(60))
_MAX_HEIGHT = 3 * WIDTH
_OUTSIDE = -30_000.0


@dataclass(frozen=True, slots=True)
class Pinhole:
    """A camera without distortion that sees what another one sees, at a lower resolution.

    Attributes:
        matrix: (3, 3) K; (0, 0) is the centre of the top-left pixel.
        image_wh: Its image's size, px.
        map_x: (H, W) column in the other camera's image for each of its pixels, px.
        map_y: (H, W) row there; both far outside where that one sees nothing.
    """

    matrix: Float64
    image_wh: tuple[int, int]
    map_x: Float32
    map_y: Float32

    def picture(self, bgr: UInt8) -> UInt8:
        """Return what it sees of the other camera's image; black where that one sees nothing."""
        picture = cv2.remap(bgr, self.map_x, self.map_y, cv2.INTER_LINEAR)
        return np.asarray(picture, np.uint8)


def pinhole_of(camera: Camera, image_wh: tuple[int, int]) -> Pinhole | None:
    """Return the pinhole camera whose image has in it what the border's middles of another see.

    None where that has no extent before the camera.
    """
    width, height = image_wh
    right, bottom = width - 0.5, height - 0.5
    x, y = (right - 0.5) / 2, (bottom - 0.5) / 2
    middles = np.array([[-0.5, y], [right, y], [x, -0.5], [x, bottom]])
    rays = camera.rays_from_pixels(middles)
    with np.errstate(all='ignore'):
        slopes = np.where(rays[:, 2:] > 0, rays[:, :2] / rays[:, 2:], np.sign(rays[:, :2]) * 1e3)
    left, right, top, bottom = np.clip(
        [*slopes[:2, 0], *slopes[2:, 1]], -MAX_SLOPE, MAX_SLOPE
    ).tolist()
    if not (right > left and bottom > top):
        return None
    focal = WIDTH / (right - left)
    own_wh = WIDTH, min(max(1, round(focal * (bottom - top))), _MAX_HEIGHT)
    matrix = np.array([[focal, 0, -left * focal - 0.5], [0, focal, -top * focal - 0.5], [0, 0, 1]])
    grid = np.stack(np.meshgrid(*map(np.arange, own_wh)), axis=-1)
    directions = np.empty((*grid.shape[:2], 3))
    directions[..., :2] = (grid - matrix[:2, 2]) / focal
    directions[..., 2] = 1
    pixels = camera.pixels_from_points(directions)
    seen = np.isfinite(pixels).all(axis=-1, keepdims=True)
    # Columns and rows are 16-bit numbers inside OpenCV.
    outside = np.clip(np.where(seen, pixels, _OUTSIDE), _OUTSIDE, -_OUTSIDE).astype(np.float32)
    return Pinhole(matrix, own_wh, *np.ascontiguousarray(np.moveaxis(outside, -1, 0)))
