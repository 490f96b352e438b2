"""What a pipeline is made of."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from facemesh_ros.detection.face_search import FaceSearch
from facemesh_ros.thread_pool import NO_WORKERS, ThreadPool
from facemesh_ros.types import FaceLandmarks, Float32, Frame, Rois

Stage = Callable[[str], AbstractContextManager[None]]


class LandmarkModel(Protocol):
    """Places landmarks in crops of one frame; stateless."""

    landmark_count: int

    def predict(self, frame: Frame, rois: Rois) -> FaceLandmarks:
        """Return landmarks and presence for each of N regions, also where no face is."""


class BlendshapeModel(Protocol):
    """Reads expressions from landmarks; stateless."""

    def predict(self, landmarks: Float32) -> Float32:
        """Return (N, 52) scores from (N, 478, 3) px."""


@dataclass(frozen=True, slots=True)
class Components:
    """What a pipeline is made of.

    Attributes:
        search: Finds the faces; belongs to one stream.
        landmark_model: Looks at each of them.
        square_roi: What `landmark_model` was made for, see `LandmarkProfile`.
        blendshape_model: Reads the expression of each face; None leaves `Faces.blendshapes` empty.
        pool: Who looks at followed faces while new ones are searched for.
    """

    search: FaceSearch
    landmark_model: LandmarkModel
    square_roi: bool
    blendshape_model: BlendshapeModel | None = None
    pool: ThreadPool = NO_WORKERS


def untimed(_: str) -> AbstractContextManager[None]:
    """Keep no time."""
    return nullcontext()
