"""The order of the stages: frame, detections, ROIs, landmarks, presence gate, expressions, ids."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import numpy as np

from facemesh_ros.core.overlap_ids import OverlapIds
from facemesh_ros.core.rois import rois_from_detections
from facemesh_ros.core.settings import PipelineSettings
from facemesh_ros.core.types import (
    FaceDetections,
    FaceLandmarks,
    Faces,
    FaceState,
    Float32,
    Frame,
    Rois,
)

Stage = Callable[[str], AbstractContextManager[None]]


class Detector(Protocol):
    """Finds faces in one frame; stateless, safe to skip on any frame."""

    def detect(self, frame: Frame, min_score: float) -> FaceDetections:
        """Return the faces that score at least `min_score`, best first."""


class Landmarker(Protocol):
    """Places landmarks in crops of one frame; stateless."""

    def locate(self, frame: Frame, rois: Rois) -> FaceLandmarks:
        """Return landmarks and presence for each of N regions, also where no face is."""


class Expressions(Protocol):
    """Reads expressions from landmarks; stateless."""

    def score(self, landmarks: Float32) -> Float32:
        """Return (N, 52) scores from (N, 478, 3) px."""


def untimed(_: str) -> AbstractContextManager[None]:
    """Keep no time."""
    return nullcontext()


class FacePipeline:
    """Finds the faces of one stream of frames.

    Attributes:
        settings: May be replaced between two frames.
    """

    def __init__(
        self,
        detector: Detector,
        landmarker: Landmarker,
        settings: PipelineSettings,
        *,
        square_roi: bool,
        expressions: Expressions | None = None,
        stage: Stage = untimed,
    ) -> None:
        """Join the stages.

        Args:
            detector: Finds the faces.
            landmarker: Looks at each of them.
            settings: The first settings.
            square_roi: What `landmarker` was made for, see `LandmarkProfile`.
            expressions: Reads the expression of each face; None leaves `Faces.blendshapes` empty.
            stage: Entered around each stage with its name, for whoever keeps the time.
        """
        self.settings = settings
        self._detector = detector
        self._landmarker = landmarker
        self._square_roi = square_roi
        self._expressions = expressions
        self._stage = stage
        self._ids = OverlapIds()

    def reset(self) -> None:
        """Forget all faces; ids go on counting."""
        self._ids.reset()

    def process(self, frame: Frame) -> Faces:
        """Return up to `max_faces` faces of the frame, sorted by id; empty if none."""
        with self._stage('detect'):
            detections = self._detector.detect(frame, self.settings.min_detection_confidence)
            detections = detections[: self.settings.max_faces]
        with self._stage('landmarks'):
            rois = rois_from_detections(detections, square=self._square_roi)
            located = self._landmarker.locate(frame, rois)
        present = located.presences > self.settings.min_presence_confidence
        return self._named(
            FaceLandmarks(located.points[present], located.presences[present]),
            rois[present],
            detections.scores[present],
        )

    def _blendshapes(self, points: Float32) -> Float32:
        if self._expressions is None:
            return np.empty((len(points), 0), np.float32)
        with self._stage('blendshapes'):
            return self._expressions.score(points)

    def _named(self, located: FaceLandmarks, rois: Rois, scores: Float32) -> Faces:
        boxes = _tight_boxes(located.points)
        ids, ages = self._ids.assign(boxes, self.settings.min_tracking_iou)
        order = np.argsort(ids)
        return Faces(
            ids=ids[order],
            states=np.full(len(ids), FaceState.TRACKED, np.uint8),
            ages=ages[order],
            detection_scores=scores[order],
            presences=located.presences[order],
            boxes_xyxy=boxes[order],
            rois=rois[order],
            landmarks=located.points[order],
            blendshapes=self._blendshapes(located.points[order]),
        )


def _tight_boxes(points: Float32) -> Float32:
    return np.concatenate([points[..., :2].min(axis=1), points[..., :2].max(axis=1)], axis=1)
