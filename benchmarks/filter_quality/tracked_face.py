"""Landmarks of one face in a stream, by this package's pipeline or its filters alone."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.settings.filters import FilterSettings
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.smoothing.landmark_smoother import filter_from_settings
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
COST_ROUNDS = 5


class SingleFaceTracker:
    """A pipeline for images of one face; its ROIs follow the filtered landmarks."""

    def __init__(self, settings: FilterSettings = UNFILTERED) -> None:
        self._pipeline = load_sensor(replace(SETTINGS, filter=settings)).stream()

    def reset(self) -> None:
        """Start a new stream."""
        self._pipeline.reset()

    def landmarks(self, bgr: UInt8, time_s: float) -> Float32:
        """Return (L, 3) px of the face in the next image; raises LookupError if none is found."""
        frame = Frame(bgr, PixelOrder.BGR, round(time_s * NS_PER_S))
        faces = self._pipeline.process(frame)
        if not len(faces) or faces.states[0] == FaceState.COASTING:
            raise LookupError('no face found where one is shown; use another picture')
        return faces.landmarks[0]

    def track(self, images: Path, times_s: Float64) -> Float32:
        """Return (F, L, 3) px of the face in a stream (F, H, W, 3) RGB, from its file."""
        self.reset()
        shown = np.load(images, mmap_mode='r')
        return np.stack(
            [
                self.landmarks(np.ascontiguousarray(rgb[..., ::-1]), at)
                for rgb, at in zip(shown, times_s.tolist(), strict=True)
            ]
        )


def filtered(settings: FilterSettings, raw: Float32, times_s: Float64) -> Float32:
    """Filter the landmarks (F, L, 3) of one face."""
    smoother, one = filter_from_settings(settings), np.array([1])
    return np.stack(
        [
            smoother.update(one, face[None], round(at * NS_PER_S))[0]
            for face, at in zip(raw, times_s.tolist(), strict=True)
        ]
    )


def cost_ms(settings: FilterSettings, raw: Float32, times_s: Float64, faces: int) -> float:
    """Return the time of a filter for one image with a number of faces, ms.

    The least of several rounds' medians, as other load only adds to it.
    """
    ids = np.arange(1, faces + 1)
    # Each face is at another time of the motion.
    crowd = np.stack([np.roll(raw, 7 * face, axis=0) for face in range(faces)], axis=1)
    medians = []
    for _ in range(COST_ROUNDS):
        smoother, spent = filter_from_settings(settings), []
        for landmarks, at in zip(crowd, times_s.tolist(), strict=True):
            started = time.perf_counter()
            smoother.update(ids, landmarks, round(at * NS_PER_S))
            spent.append(time.perf_counter() - started)
        medians.append(np.median(spent))
    return float(1e3 * min(medians))
