"""The camera's calibration, read anew whenever it changes."""

from __future__ import annotations

from collections.abc import Callable

from sensor_msgs.msg import CameraInfo

from facemesh_ros.core.camera import DEFAULT_VERTICAL_FOV_RAD, Intrinsics


def intrinsics_from_msg(msg: CameraInfo) -> Intrinsics | None:
    """Return the intrinsics of the raw image that a camera_info belongs to; None if uncalibrated.

    Region of interest and binning are applied, 0 meaning 1, as the message defines.
    """
    k = msg.k
    if not (k[0] > 0 and k[4] > 0):
        return None
    full = Intrinsics(float(k[0]), float(k[4]), float(k[2]), float(k[5]))
    return full.cropped_and_binned(
        (msg.roi.x_offset, msg.roi.y_offset), (msg.binning_x or 1, msg.binning_y or 1)
    )


class CameraModel:
    """Intrinsics for the image at hand: the last camera_info's, or an assumed camera's."""

    def __init__(self, warn_once: Callable[[str], None]) -> None:
        """Take what says, once, that the camera is assumed."""
        self._warn_once = warn_once
        self._known: Intrinsics | None = None
        self._warned = False

    def update(self, msg: CameraInfo) -> None:
        """Take a new camera_info."""
        self._known = intrinsics_from_msg(msg)

    def intrinsics(self, image_wh: tuple[int, int]) -> Intrinsics:
        """Return the intrinsics for an image of this size in px."""
        if self._known is not None:
            return self._known
        if not self._warned:
            self._warned = True
            self._warn_once(
                'no calibrated camera_info: markers and points assume a vertical field of view '
                'of 63 degrees; publish camera_info beside the image for true distances'
            )
        return Intrinsics.from_vertical_fov(image_wh, DEFAULT_VERTICAL_FOV_RAD)
