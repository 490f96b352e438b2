"""A camera as OpenCV has it, and as this package has it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from facemesh_ros.geometry.calibration import Calibration, camera_from_calibration
from facemesh_ros.types import Camera, Float64


@dataclass(frozen=True)
class LensCalibration:
    """Camera matrix, distortion and image size.

    Attributes:
        k: (3, 3) camera matrix, px.
        model: Distortion model as ROS names it; empty without distortion.
        d: Its coefficients.
        image_wh: px.
    """

    k: Float64
    model: str
    d: Float64
    image_wh: tuple[int, int]

    @cached_property
    def camera(self) -> Camera:
        """This package's."""
        return camera_from_k(self.k, self.model, self.d, self.image_wh)

    def undistorted(self, pixels: Float64) -> Float64:
        """Return (N, 2) px as image plane coordinates of focal length 1, by OpenCV."""
        fisheye = self.model == 'equidistant'
        undistort = cv2.fisheye.undistortPoints if fisheye else cv2.undistortPoints
        points = undistort(pixels[:, None].astype(float), self.k, self.d if len(self.d) else None)
        return np.asarray(points, np.float64)[:, 0]


def camera_from_k(k: Float64, model: str, d: Float64, image_wh: tuple[int, int]) -> Camera:
    """Return this package's camera for a matrix and distortion."""
    p = np.hstack([k, np.zeros((3, 1))])
    numbers = tuple(d.tolist()), tuple(k.ravel().tolist()), tuple(p.ravel().tolist())
    calibration = Calibration(image_wh, model, *numbers)
    camera = camera_from_calibration(calibration, image_wh, rectified=False)
    assert camera is not None
    return camera
