"""Landmarks of one face from image to image, by this project's own pipeline."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import FaceState, Float32, Float64, Frame, PixelOrder, UInt8

# The landmark model and the detector of the MediaPipe release that is compared with.
SETTINGS = SensorSettings(
    landmark_model='v2',
    detector='short_range',
    publish_blendshapes=False,
    max_faces=1,
    min_birth_frames=1,
    max_coast_frames=0,
)
NS_PER_S = 1e9
UNFILTERED = FilterSettings(type='none')


class FaceFollower:
    """A pipeline for images of one face; its crops follow what its filter says."""

    def __init__(self, settings: FilterSettings = UNFILTERED) -> None:
        self._pipeline = load_sensor(replace(SETTINGS, filter=settings)).stream()

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

    def follow(self, images: Path, times_s: Float64) -> Float32:
        """Return (F, L, 3) px of the face in a stream (F, H, W, 3) RGB, from its file."""
        self.reset()
        shown = np.load(images, mmap_mode='r')
        return np.stack(
            [
                self.seen(np.ascontiguousarray(rgb[..., ::-1]), at)
                for rgb, at in zip(shown, times_s.tolist(), strict=True)
            ]
        )

    def seen(self, bgr: UInt8, time_s: float) -> Float32:
        """Return (L, 3) px of the face in the next image; raises LookupError if it is not seen."""
        points = self.landmarks(bgr, time_s)
        if points is None:
            raise LookupError('no face is found where one is shown; take another picture')
        return points
