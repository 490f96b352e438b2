"""The newest calibration of a camera, and where it sees a point."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float64 = NDArray[np.float64]
CameraInfo = Any

KEPT = 60  # two seconds of a common camera


class LatestCameraInfo:
    """The camera_info of an image, else the newest; to be given to a subscription as its callback.

    Example:
        >>> infos = LatestCameraInfo()
        >>> infos.newest is None
        True
    """

    def __init__(self) -> None:
        self.newest: CameraInfo | None = None
        self._by_stamp: dict[tuple[int, int], CameraInfo] = {}

    def __call__(self, msg: CameraInfo) -> None:
        """Take a message."""
        self.newest = self._by_stamp[_stamp(msg.header)] = msg
        if len(self._by_stamp) > KEPT:
            del self._by_stamp[next(iter(self._by_stamp))]

    def of(self, header: Any) -> CameraInfo | None:
        """Return the calibration of the image with this header, else the newest; None if none."""
        return self._by_stamp.get(_stamp(header), self.newest)


def project(info: CameraInfo, points_m: ArrayLike, *, rectified: bool = False) -> Float64:
    """Return where points are seen in the image, px; NaN where they are not before the camera.

    u = fx x' + cx, v = fy y' + cy, (0, 0) the centre of the top-left pixel, and (x', y') by the
    distortion model of X/Z, Y/Z.

    Args:
        info: A sensor_msgs/CameraInfo of the full image, neither binned nor a region of it.
        points_m: (..., 3) m in its optical frame: x right, y down, z forward.
        rectified: Whether the image is (`image_rect`): by P, and without distortion.

    Returns:
        (..., 2) px, which may be outside of the image.

    Raises:
        ValueError: If the calibration is empty, of a region or binned, or its model is not known.

    Source: ROS' CameraInfo.msg; OpenCV's models `calib3d` and `fisheye`.
    """
    fx, fy, cx, cy = _matrix(info, rectified)
    points = np.asarray(points_m, float)
    with np.errstate(all='ignore'):  # of points that are seen nowhere
        plane = np.where(points[..., 2:] > 0, points[..., :2] / points[..., 2:], np.nan)
        if not rectified and np.any(info.d):
            plane = _distorted(info.distortion_model, np.asarray(info.d, float), plane)
    return plane * (fx, fy) + (cx, cy)


def _stamp(header: Any) -> tuple[int, int]:
    return header.stamp.sec, header.stamp.nanosec


def _matrix(info: CameraInfo, rectified: bool) -> tuple[float, float, float, float]:
    """Return fx, fy, cx, cy."""
    name, (fx, cx, fy, cy) = (
        ('P', (info.p[0], info.p[2], info.p[5], info.p[6]))
        if rectified
        else ('K', (info.k[0], info.k[2], info.k[4], info.k[5]))
    )
    if not (fx > 0 and fy > 0):
        raise ValueError(f'{name} of the camera_info is empty: calibrate the camera')
    if max(info.binning_x, info.binning_y) > 1 or info.roi.x_offset or info.roi.y_offset:
        raise ValueError(
            'the camera_info is of a binned image or of a region: project into the full image, or '
            'take landmarks, which are in px of the image already'
        )
    return fx, fy, cx, cy


def _distorted(model: str, d: Float64, plane: Float64) -> Float64:
    """Return the lens's image of an ideal one, (..., 2), in focal lengths."""
    x, y = plane[..., 0], plane[..., 1]
    if model == 'equidistant' and len(d) == 4:
        radius = np.hypot(x, y)
        angle = np.arctan(radius)
        seen = angle * (1 + np.polynomial.polynomial.polyval(angle**2, (0, *d)))
        scale = np.where(radius > 0, seen / radius, 1.0)
        return plane * scale[..., None]
    if model not in ('plumb_bob', 'rational_polynomial') or len(d) not in (4, 5, 8):
        raise ValueError(
            f'distortion_model {model!r} with {len(d)} coefficients is not known here: project '
            'into the rectified image (image_rect, rectified=True)'
        )
    k1, k2, p1, p2, k3, k4, k5, k6 = np.append(d, np.zeros(8 - len(d)))
    squared = x * x + y * y
    radial = (1 + squared * (k1 + squared * (k2 + squared * k3))) / (
        1 + squared * (k4 + squared * (k5 + squared * k6))
    )
    return np.stack(
        [
            x * radial + 2 * p1 * x * y + p2 * (squared + 2 * x * x),
            y * radial + p1 * (squared + 2 * y * y) + 2 * p2 * x * y,
        ],
        axis=-1,
    )
