"""The camera's intrinsics, from its latest camera_info."""

from __future__ import annotations

from sensor_msgs.msg import CameraInfo

from facemesh_ros.geometry.calibration import (
    Calibration,
    CalibrationError,
    intrinsics_from_calibration,
)
from facemesh_ros.geometry.camera import DEFAULT_VERTICAL_FOV_RAD, CalibratedCamera, Intrinsics
from facemesh_ros.ros.input.topics import CameraTopics

# Calibrations that change all the time must not fill the log; diagnostics show each problem.
MAX_LOGGED = 20


def is_rectified(image_topic: str) -> bool:
    """Tell whether a topic's images are rectified, by the naming convention of image_proc."""
    name = image_topic.removesuffix('/compressed').rpartition('/')[2]
    return name.startswith('image_rect')


class CameraModel:
    """Intrinsics for the size of the current image: of the latest camera_info, or assumed.

    Attributes:
        problem: Why the camera_info cannot be used for the last image; empty if it can, or if the
            camera is not calibrated.
    """

    def __init__(self, topics: CameraTopics) -> None:
        self._topics, self._rectified = topics, is_rectified(topics.image_topic)
        self._calibration: Calibration | None = None
        self._key: tuple[Calibration | None, tuple[int, int]] | None = None
        self._intrinsics: Intrinsics | None = None
        self._assumption_logged = False
        self._logged: set[str] = set()
        self.problem = ''

    def update(self, msg: CameraInfo) -> None:
        """Use a new camera_info from the next image on."""
        roi = msg.roi
        self._calibration = Calibration(
            image_wh=(msg.width, msg.height),
            distortion_model=msg.distortion_model,
            d=tuple(map(float, msg.d)),
            k=tuple(map(float, msg.k)),
            p=tuple(map(float, msg.p)),
            binning_xy=(msg.binning_x, msg.binning_y),
            roi_xywh=(roi.x_offset, roi.y_offset, roi.width, roi.height),
        )

    def set_image_size(self, image_wh: tuple[int, int]) -> None:
        """Compute the intrinsics for an image's size; each problem is logged once."""
        calibration = self._calibration
        if self._key == (calibration, image_wh):
            return
        self._key, self._intrinsics, problem = (calibration, image_wh), None, ''
        try:
            if calibration is not None:
                self._intrinsics = intrinsics_from_calibration(
                    calibration, image_wh, self._rectified
                )
        except CalibrationError as error:
            problem = f'camera_info is not used, markers and points are left out: {error}'
        self.problem = problem
        if problem and problem not in self._logged and len(self._logged) < MAX_LOGGED:
            self._logged.add(problem)
            self._topics.logger.warning(f'{problem} ({self._topics.image_topic})')

    @property
    def calibrated(self) -> CalibratedCamera | None:
        """The camera of the current image; None if it is not calibrated or its info refused."""
        return None if self._intrinsics is None else CalibratedCamera(self._intrinsics)

    def intrinsics(self) -> Intrinsics | None:
        """Return the intrinsics of the current image; None if its calibration is refused.

        Without a calibrated camera_info they are assumed, which is logged once.
        """
        if self.problem or self._intrinsics is not None or self._key is None:
            return self._intrinsics
        if not self._assumption_logged:
            self._assumption_logged = True
            self._topics.logger.warning(
                'no calibrated camera_info: markers and points assume a vertical field of view '
                'of 63 degrees; publish camera_info beside the image for true distances'
            )
        return Intrinsics.from_vertical_fov(self._key[1], DEFAULT_VERTICAL_FOV_RAD)
