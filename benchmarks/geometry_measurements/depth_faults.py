"""Depth images as sensors give them, from exact ones; and depth that does not belong to an image.

Noise: sigma(z) = 1.2 mm + 1.9 mm (z / 1 m - 0.4)^2 along the axis, and steps of 2.85 mm z^2 / m^2,
as measured on the Kinect. Sources: C. V. Nguyen, S. Izadi and D. Lovell, Modeling Kinect sensor
noise for improved 3D reconstruction and tracking, 3DIMPVT 2012; K. Khoshelham and S. O. Elberink,
Accuracy and resolution of Kinect depth data, Sensors 12(2), 2012.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from facemesh_ros.types import Float32, Float64

STEP_PER_M2 = 0.00285
HOLES, HOLE_RADIUS = 12, 0.12  # of the face's width
# A pixel at an edge of this much is a mixture of both sides.
EDGE_M = 0.03
WALL_BEHIND_M = 0.8

DepthFault = Callable[[Float32, 'FacePlace', np.random.Generator], Float32]


class FacePlace:
    """Where the face is in the image.

    Attributes:
        box_xyxy: (4,) px.
        mouth_xy: (2,) px.
    """

    def __init__(self, landmarks: Float32 | Float64) -> None:
        points = landmarks[:, :2]
        self.box_xyxy = np.concatenate([points.min(axis=0), points.max(axis=0)])
        self.mouth_xy = points[[13, 14]].mean(axis=0)

    @property
    def width(self) -> float:
        """In px."""
        return float(self.box_xyxy[2] - self.box_xyxy[0])


def with_wall(depth_m: Float32) -> Float32:
    """Put a wall behind what is there, so that a shifted depth image shows something."""
    seen = depth_m > 0
    wall = float(np.median(depth_m[seen])) + WALL_BEHIND_M
    return np.where(seen, depth_m, np.float32(wall)).astype(np.float32)


def exact(depth_m: Float32, _place: FacePlace, _random: np.random.Generator) -> Float32:
    """Return it as it is."""
    return depth_m


def noisy(depth_m: Float32, _place: FacePlace, random: np.random.Generator) -> Float32:
    """Add the sensor's noise along the axis, and half a pixel of it across."""
    height, width = depth_m.shape
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    shifts = random.normal(0, 0.5, (2, height, width))
    from_x = np.clip(np.rint(columns + shifts[0]), 0, width - 1).astype(int)
    from_y = np.clip(np.rint(rows + shifts[1]), 0, height - 1).astype(int)
    moved = depth_m[from_y, from_x]
    sigma = 0.0012 + 0.0019 * (moved - 0.4) ** 2
    noise = random.normal(0, 1, depth_m.shape) * sigma
    return np.where(moved > 0, moved + noise, 0).astype(np.float32)


def stepped(depth_m: Float32, _place: FacePlace, _random: np.random.Generator) -> Float32:
    """Round to the steps of the sensor's disparities: 1 / z is what it counts."""
    with np.errstate(divide='ignore'):
        rounded = 1 / (np.rint(1 / depth_m / STEP_PER_M2) * STEP_PER_M2)
    return np.where(depth_m > 0, rounded, 0).astype(np.float32)


def holed(depth_m: Float32, place: FacePlace, random: np.random.Generator) -> Float32:
    """Take holes out of the face, one of them its mouth, and all edges."""
    mask = np.zeros(depth_m.shape, np.uint8)
    low, high = place.box_xyxy[:2], place.box_xyxy[2:]
    centres = [*random.uniform(low, high, (HOLES, 2)), place.mouth_xy]
    for centre in centres:
        radius = place.width * HOLE_RADIUS * random.uniform(0.4, 1, 2)
        axes = np.maximum(1, np.rint(radius)).astype(int)
        cv2.ellipse(mask, np.rint(centre).astype(int).tolist(), axes.tolist(), 0, 0, 360, 1, -1)
    return np.where((mask > 0) | _edges(depth_m), 0, depth_m).astype(np.float32)


def with_flying_pixels(
    depth_m: Float32, _place: FacePlace, random: np.random.Generator
) -> Float32:
    """Mix both sides of each edge."""
    nearest = cv2.erode(depth_m, np.ones((3, 3)))
    farthest = cv2.dilate(depth_m, np.ones((3, 3)))
    share = random.uniform(0, 1, depth_m.shape)
    mixed = nearest * (1 - share) + farthest * share
    return np.where(_edges(depth_m), mixed, depth_m).astype(np.float32)


def with_everything(depth_m: Float32, place: FacePlace, random: np.random.Generator) -> Float32:
    """Return it with noise, steps, flying pixels and holes."""
    for fault in (with_flying_pixels, noisy, stepped, _holed_in_face):
        depth_m = fault(depth_m, place, random)
    return depth_m


def _holed_in_face(depth_m: Float32, place: FacePlace, random: np.random.Generator) -> Float32:
    holes = holed(np.full_like(depth_m, 1), place, random) == 0
    return np.where(holes, 0, depth_m).astype(np.float32)


def _edges(depth_m: Float32) -> np.ndarray:
    nearest = cv2.erode(depth_m, np.ones((3, 3)))
    farthest = cv2.dilate(depth_m, np.ones((3, 3)))
    return np.asarray(farthest - nearest > EDGE_M)


SENSORS: dict[str, DepthFault] = {
    'exact': exact,
    'noise': noisy,
    'steps': stepped,
    'holes': holed,
    'flying pixels': with_flying_pixels,
    'all of them': with_everything,
}


def shifted(depth_m: Float32, by_xy: tuple[float, float]) -> Float32:
    """Move a depth image by whole pixels; what comes in repeats the edge."""
    matrix = np.array([[1, 0, round(by_xy[0])], [0, 1, round(by_xy[1])]], float)
    size = (depth_m.shape[1], depth_m.shape[0])
    moved = cv2.warpAffine(
        depth_m, matrix, size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved, np.float32)
