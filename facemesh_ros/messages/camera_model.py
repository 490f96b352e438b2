"""The camera of each image, by camera_info messages."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from facemesh_ros.errors import kind_of
from facemesh_ros.geometry.calibration import (
    Calibration,
    CalibrationError,
    camera_from_calibration,
)
from facemesh_ros.geometry.camera import (
    DEFAULT_VERTICAL_FOV_RAD,
    CalibratedCamera,
    Intrinsics,
)
from facemesh_ros.messages.cdr_camera_info import calibration_from_cdr
from facemesh_ros.messages.cdr_image import Octets

# Two seconds at 60 Hz; an image waits for its turn for less.
MAX_INFOS = 120
UNCALIBRATED = (
    'no calibrated camera_info: poses and landmarks in metres are left out, and markers and '
    'points assume a vertical field of view of 63 degrees; publish camera_info beside the image'
)


def is_rectified(image_topic: str) -> bool:
    """Tell whether a topic's images are rectified, by the naming convention of image_proc."""
    name = image_topic.removesuffix('/compressed').rpartition('/')[2]
    return name.startswith('image_rect')


class CameraInfoModel:
    """The camera of each image, by the camera_info of its stamp, or else the latest.

    Nothing waits for one: drivers publish a camera_info right after its image; asked for when the
    landmarks are known, it has come, so zoom and region are those of the image.

    Attributes:
        problem: Why the camera_info cannot be used for the last image; empty if it can, or if
            there is none.
        damage: What is wrong with the last camera_info, so that the one before it is used; empty
            if it could be read.
        is_calibrated: Whether the last image has a camera, or has none because of the problem.
    """

    def __init__(self, image_topic: str, log_once: Callable[[str, Hashable], None]) -> None:
        """Take the name of the images' topic, and what logs a text, once for each kind."""
        self._image_topic, self._rectified = image_topic, is_rectified(image_topic)
        self._log_once = log_once
        self._latest: Calibration | None = None
        self._by_stamp: dict[int, Calibration] = {}
        self._key: tuple[Calibration | None, tuple[int, int]] | None = None
        self._camera: CalibratedCamera | None = None
        self.problem, self.damage, self.is_calibrated = '', '', False
        self._damaged = 0

    def update(self, cdr: Octets) -> int | None:
        """Take a new camera_info, serialised; return its stamp, ns, None if it is damaged."""
        try:
            stamp_ns, calibration = calibration_from_cdr(cdr)
        except CalibrationError as error:
            self._refuse(error)
            return None
        self.damage = ''
        if calibration == self._latest:
            calibration = self._latest  # found again by its identity
        if stamp_ns:
            self._by_stamp.pop(stamp_ns, None)
            self._by_stamp[stamp_ns] = calibration
            if len(self._by_stamp) > MAX_INFOS:
                del self._by_stamp[next(iter(self._by_stamp))]
        self._latest = calibration
        return stamp_ns

    def has(self, stamp_ns: int) -> bool:
        """Return whether the camera_info of an image has come."""
        return stamp_ns in self._by_stamp

    def _refuse(self, error: CalibrationError) -> None:
        self._damaged += 1
        self.damage = f'camera_info is left out ({self._damaged} so far): {error}'
        self._log_once(f'{self.damage} ({self._image_topic})', kind_of(error))

    def camera_of(self, stamp_ns: int, image_wh: tuple[int, int]) -> CalibratedCamera | None:
        """Return the camera of an image, None if it has none; a kind of problem is logged once."""
        key = (self._by_stamp.get(stamp_ns, self._latest), image_wh)
        if self._key != key:
            self._key, self._camera, self.problem = key, None, ''
            self._interpret(*key)
        return self._camera

    def _interpret(self, calibration: Calibration | None, image_wh: tuple[int, int]) -> None:
        try:
            if calibration is not None:
                self._camera = camera_from_calibration(calibration, image_wh, self._rectified)
        except CalibrationError as error:
            self.problem = (
                'camera_info is not used, so poses, landmarks in metres, markers and points are '
                f'left out: {error}'
            )
            self._log_once(f'{self.problem} ({self._image_topic})', kind_of(error))
        self.is_calibrated = self._camera is not None or bool(self.problem)

    def intrinsics(self) -> Intrinsics | None:
        """Return the intrinsics of the last image; None if its calibration is refused.

        Without a calibrated camera_info they are assumed, for what is only looked at.
        """
        if self._camera is not None:
            return self._camera.intrinsics
        if self.problem or self._key is None:
            return None
        self.log_uncalibrated()
        return Intrinsics.from_vertical_fov(self._key[1], DEFAULT_VERTICAL_FOV_RAD)

    def log_uncalibrated(self) -> None:
        """Log, once, what it means that there is no calibration."""
        self._log_once(UNCALIBRATED, UNCALIBRATED)
