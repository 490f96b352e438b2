"""The parts that a pipeline is made of."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from facemesh_ros.detection.face_search import FaceSearch
from facemesh_ros.thread_pool import NO_WORKERS, ThreadPool
from facemesh_ros.types import FaceLandmarks, Float32, Frame, Rois

# Entered around each stage, with its name, by whoever takes the time.
Stage = Callable[[str], AbstractContextManager[object]]
untimed: Stage = nullcontext


class LandmarkModel(Protocol):
    """Places landmarks in crops of one frame; stateless."""

    landmark_count: int

    def predict(self, frame: Frame, rois: Rois) -> FaceLandmarks:
        """Return landmarks and presence for each of N regions, whether it shows a face or not."""


class BlendshapeModel(Protocol):
    """Scores expressions from landmarks; stateless."""

    def predict(self, landmarks: Float32) -> Float32:
        """Return (N, 52) scores from (N, 478, 3) px."""


@dataclass(frozen=True, slots=True)
class Components:
    """The parts that a pipeline is made of.

    Attributes:
        search: Finds new faces; belongs to one stream.
        landmark_model: Places landmarks on each face.
        square_roi: Which crops `landmark_model` was trained on, see `LandmarkSpec`.
        blendshape_model: Scores expressions; None leaves `Faces.blendshapes` empty.
        pool: Runs search and landmark model side by side.
    """

    search: FaceSearch
    landmark_model: LandmarkModel
    square_roi: bool
    blendshape_model: BlendshapeModel | None = None
    pool: ThreadPool = NO_WORKERS
