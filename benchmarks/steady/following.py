"""Landmarks of one face from image to image, without any filter: what the filters are given."""

from __future__ import annotations

from facemesh_ros.core.filtering.settings import FilterSettings
from facemesh_ros.core.settings import SensorSettings
from facemesh_ros.core.types import FaceState, Float32, Frame, PixelOrder, UInt8
from facemesh_ros.sensor import load_sensor

# The landmark model and the detector of the MediaPipe release that is compared with.
SETTINGS = SensorSettings(
    landmark_model='v2',
    detector='short_range',
    publish_blendshapes=False,
    max_faces=1,
    min_birth_frames=1,
    max_coast_frames=0,
    filter=FilterSettings(type='none'),
)
NS_PER_S = 1e9


class FaceFollower:
    """This project's own pipeline, for images of one face."""

    def __init__(self) -> None:
        self._pipeline = load_sensor(SETTINGS).pipeline

    def reset(self) -> None:
        """Forget where the face was."""
        self._pipeline.reset()

    def landmarks(self, bgr: UInt8, time_s: float) -> Float32 | None:
        """Return (L, 3) px of the face in the next image, None if it is not seen."""
        frame = Frame(bgr, PixelOrder.BGR, round(time_s * NS_PER_S))
        faces = self._pipeline.process(frame)
        if not len(faces) or faces.states[0] == FaceState.COASTING:
            return None
        return faces.landmarks[0]

    def seen(self, bgr: UInt8, time_s: float) -> Float32:
        """Return (L, 3) px of the face in the next image; raises LookupError if it is not seen."""
        points = self.landmarks(bgr, time_s)
        if points is None:
            raise LookupError('no face is found where one is shown; take another picture')
        return points
