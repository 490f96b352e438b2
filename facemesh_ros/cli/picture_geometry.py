"""Camera and depth of pictures from files, and a note on the pictures that lack them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from facemesh_ros.geometry.calibration import CalibrationError, camera_from_calibration
from facemesh_ros.geometry.camera import CalibratedCamera
from facemesh_ros.io import (
    CalibrationFile,
    DepthFiles,
    ImageOrigin,
    MediaError,
    Picture,
    readable_name,
)
from facemesh_ros.io.recordings.recorded_images import RecordedImage
from facemesh_ros.io.results import counted
from facemesh_ros.types import DepthImage, Frame, PixelOrder


@dataclass
class Lack:
    """Pictures that lack something for one reason.

    Attributes:
        first: Name of the first of them.
        reason: As it was given for the first.
        count: How many they are.
    """

    first: str
    reason: str
    count: int = 0


class PictureGeometry:
    """Makes frames of pictures; what is wrong with camera or depth leaves the pixels as they are.

    Attributes:
        lacks: Pictures whose metres are missing or worse than asked for, by the kind of reason.
    """

    def __init__(self, calibrations: CalibrationFile | None, depths: DepthFiles | None) -> None:
        self._calibrations, self._depths = calibrations, depths
        self.lacks: dict[str, Lack] = {}

    def depths_among(self, files: list[Path]) -> set[Path]:
        """Return those of the files that are depth pictures of others of them."""
        return self._depths.among(files) if self._depths is not None else set()

    def has_own_camera(self, picture: Path) -> bool:
        """Tell whether a picture has a calibration of its own: frames of a stream share theirs."""
        return self._calibrations is not None and self._calibrations.has_line_for(picture)

    def frame_of(self, picture: Picture) -> Frame:
        """Return the frame of a picture with its camera and depth, as far as they are known."""
        frame = Frame(picture.bgr, PixelOrder.BGR, picture.stamp_ns)
        try:
            camera = self._camera_of(picture, frame.image_wh)
        except CalibrationError as error:
            self._note(picture, f'no metres: {error}')
            return frame
        depth = self._depth_of(picture) if camera is not None else None
        return replace(frame, camera=camera, depth=depth)

    def frame_of_recorded(self, image: RecordedImage) -> Frame:
        """Return the frame of a recorded image: --camera-info before what is recorded with it.

        Raises:
            ImageError: If it cannot be decoded.
        """
        frame = image.to_frame()
        if self._calibrations is None:
            return frame
        try:
            given = self._camera_of(image, frame.image_wh)
        except CalibrationError as error:
            self._note(image, f'no metres: {error}')
            return replace(frame, find_geometry=None)
        return replace(frame, find_geometry=cache(lambda: (given, image.camera.depth_of(frame))))

    def note_recorded(self, image: RecordedImage, problem: str) -> None:
        """Count what lacks of the last recorded image, or what the pipeline says of it."""
        if self._calibrations is None:
            problem = image.camera.problem or problem
        if problem:
            self._note(image, problem)

    def note_problem(self, picture: Picture, frame: Frame, problem: str) -> None:
        """Count what the pipeline says of a frame, unless its cause is noted already."""
        is_noted = frame.camera is None or (frame.depth is None and self._depths is not None)
        if problem and self._calibrations is not None and not is_noted:
            self._note(picture, problem)

    def _camera_of(
        self, picture: ImageOrigin, image_wh: tuple[int, int]
    ) -> CalibratedCamera | None:
        if self._calibrations is None:
            return None
        calibration = self._calibrations.calibration_of(picture.source)
        camera = camera_from_calibration(calibration, image_wh, rectified=False)
        if camera is None:
            raise CalibrationError('K is zero, so the camera is not calibrated')
        return camera

    def _depth_of(self, picture: Picture) -> DepthImage | None:
        if self._depths is None:
            return None
        try:
            return self._depths.depth_of(picture)
        except MediaError as error:
            self._note(picture, f'no depth: {error}')
            return None

    def _note(self, picture: ImageOrigin, reason: str) -> None:
        name = readable_name(picture.source)
        kind = re.sub(r'\d+', '#', reason)
        lack = self.lacks.setdefault(kind, Lack(name, reason))
        lack.count += 1

    def add_lacks(self, lacks: Mapping[str, Lack]) -> None:
        """Take what other pictures lack."""
        for kind, lack in lacks.items():
            self.lacks.setdefault(kind, replace(lack, count=0)).count += lack.count

    def notes(self) -> Sequence[str]:
        """Return a sentence for each kind of reason."""
        return [
            f'{counted(lack.count, "image")}, the first of {lack.first}: {lack.reason}'
            for lack in self.lacks.values()
        ]
