"""The camera's calibration, read anew whenever it changes."""

from __future__ import annotations

from sensor_msgs.msg import CameraInfo

from facemesh_ros.geometry.calibration import (
    Calibration,
    CalibrationError,
    intrinsics_from_calibration,
)
from facemesh_ros.geometry.camera import DEFAULT_VERTICAL_FOV_RAD, Intrinsics
from facemesh_ros.ros.input.topics import CameraTopics

# Calibrations that change all the time fill no log; the diagnostics go on telling why.
MAX_TOLD = 20


def calibration_from_msg(msg: CameraInfo) -> Calibration:
    """Take a camera_info's fields over."""
    roi = msg.roi
    return Calibration(
        image_wh=(msg.width, msg.height),
        distortion_model=msg.distortion_model,
        d=tuple(map(float, msg.d)),
        k=tuple(map(float, msg.k)),
        p=tuple(map(float, msg.p)),
        binning_xy=(msg.binning_x, msg.binning_y),
        roi_xywh=(roi.x_offset, roi.y_offset, roi.width, roi.height),
    )


def is_rectified(image_topic: str) -> bool:
    """Tell whether a topic's images are rectified, by the names that image_proc gives them."""
    name = image_topic.removesuffix('/compressed').rpartition('/')[2]
    return name.startswith('image_rect')


class CameraModel:
    """Intrinsics for the image at hand: the last camera_info's, or an assumed camera's.

    Attributes:
        problem: Why the last camera_info is not used for the last image; empty if it is, or if
            the camera is not calibrated.
    """

    def __init__(self, source: CameraTopics) -> None:
        """Take the camera, whose topic says whether it is rectified, and whose log is used."""
        self._source, self._rectified = source, is_rectified(source.image_topic)
        self._calibration: Calibration | None = None
        self._known_for: tuple[Calibration | None, tuple[int, int]] | None = None
        self._known: Intrinsics | None = None
        self._assumption_told = False
        self._told: set[str] = set()
        self.problem = ''

    def update(self, msg: CameraInfo) -> None:
        """Take a new camera_info."""
        self._calibration = calibration_from_msg(msg)

    def look_at(self, image_wh: tuple[int, int]) -> None:
        """Bring what is known to the size of the next image, and say once why that fails."""
        calibration = self._calibration
        if self._known_for == (calibration, image_wh):
            return
        self._known_for, self._known, problem = (calibration, image_wh), None, ''
        try:
            if calibration is not None:
                self._known = intrinsics_from_calibration(calibration, image_wh, self._rectified)
        except CalibrationError as error:
            problem = f'camera_info is not used, markers and points are left out: {error}'
        self.problem = problem
        if problem and problem not in self._told and len(self._told) < MAX_TOLD:
            self._told.add(problem)
            self._source.logger.warning(f'{problem} ({self._source.image_topic})')

    def intrinsics(self) -> Intrinsics | None:
        """Return the intrinsics of the last image looked at; None if its calibration is refused.

        Without a calibrated camera_info they are assumed, which is said once.
        """
        if self.problem or self._known is not None or self._known_for is None:
            return self._known
        if not self._assumption_told:
            self._assumption_told = True
            self._source.logger.warning(
                'no calibrated camera_info: markers and points assume a vertical field of view '
                'of 63 degrees; publish camera_info beside the image for true distances'
            )
        return Intrinsics.from_vertical_fov(self._known_for[1], DEFAULT_VERTICAL_FOV_RAD)
