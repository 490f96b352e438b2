"""What a pipeline is made of."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from facemesh_ros.core.search import FaceSearch
from facemesh_ros.core.thread_team import NO_HELP, ThreadTeam
from facemesh_ros.core.types import FaceLandmarks, Float32, Frame, Rois

Stage = Callable[[str], AbstractContextManager[None]]


class Landmarker(Protocol):
    """Places landmarks in crops of one frame; stateless."""

    landmark_count: int

    def locate(self, frame: Frame, rois: Rois) -> FaceLandmarks:
        """Return landmarks and presence for each of N regions, also where no face is."""


class Expressions(Protocol):
    """Reads expressions from landmarks; stateless."""

    def score(self, landmarks: Float32) -> Float32:
        """Return (N, 52) scores from (N, 478, 3) px."""


@dataclass(frozen=True, slots=True)
class Stages:
    """What a pipeline is made of.

    Attributes:
        search: Finds the faces; belongs to one stream.
        landmarker: Looks at each of them.
        square_roi: What `landmarker` was made for, see `LandmarkProfile`.
        expressions: Reads the expression of each face; None leaves `Faces.blendshapes` empty.
        team: Who looks at followed faces while new ones are searched for.
    """

    search: FaceSearch
    landmarker: Landmarker
    square_roi: bool
    expressions: Expressions | None = None
    team: ThreadTeam = NO_HELP


def untimed(_: str) -> AbstractContextManager[None]:
    """Keep no time."""
    return nullcontext()
