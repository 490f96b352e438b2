"""Those who give ids: this project's pipeline, and the plainest way to do it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from identity_scenes import Float64
from facemesh_ros.assembly.face_sensor import load_sensor
from facemesh_ros.catalog.model_specs import detector_spec, landmark_spec
from facemesh_ros.detection.blazeface import BlazeFace
from facemesh_ros.geometry.boxes import iou_matrix
from facemesh_ros.inference.model_loader import load_session
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.models.store import ModelStore
from facemesh_ros.settings.pipeline import SensorSettings
from facemesh_ros.types import FaceState, Float32, Frame

MAX_FACES = 8
# What the plain way takes for the same face, and how many images it remembers a lost one.
MIN_IOU, REMEMBERED = 0.3, 5


@dataclass(frozen=True)
class Named:
    """Faces that somebody says to see in one image.

    Attributes:
        ids: (N,) which face each is.
        boxes_xyxy: (N, 4) px.
        sure: (N,) whether it is said to be a face, and not only that it may be one.
    """

    ids: NDArray[np.int64]
    boxes_xyxy: Float64
    sure: NDArray[np.bool_]


class Ours:
    """The pipeline as it comes."""

    def __init__(self, landmark_model: str) -> None:
        settings = SensorSettings(
            landmark_model=landmark_model,
            max_faces=MAX_FACES,
            execution_provider='cpu',
            publish_blendshapes=False,
        )
        self._pipeline = load_sensor(settings).stream()

    def start(self) -> None:
        """Expect another stream."""
        self._pipeline.reset()

    def name(self, frame: Frame) -> Named:
        """Take the next image; what is out of sight is left out."""
        faces = self._pipeline.process(frame)
        seen = faces.states != FaceState.COASTING
        sure = faces.states == FaceState.TRACKED
        return Named(faces.ids[seen], faces.boxes_xyxy[seen].astype(float), sure[seen])


class Plain:
    """The detector on every image; a face is the one before that it overlaps most, greedily."""

    def __init__(self) -> None:
        network = load_session(ModelStore(), 'short_range', ProviderChoice('cpu'))
        self._detector = BlazeFace(
            network, detector_spec('short_range'), landmark_spec('v2').max_iou
        )
        self._issued = 0
        self.start()

    def start(self) -> None:
        """Expect another stream."""
        self._boxes: Float32 = np.empty((0, 4), np.float32)
        self._ids = np.empty(0, np.int64)
        self._misses = np.empty(0, np.int64)

    def name(self, frame: Frame) -> Named:
        """Take the next image."""
        boxes = self._detector.detect(frame, 0.5)[:MAX_FACES].boxes_xyxy
        ids = self._matched(boxes)
        new = ids == 0
        ids[new] = self._issued + 1 + np.arange(new.sum())
        self._issued += int(new.sum())
        lost = ~np.isin(self._ids, ids) & (self._misses < REMEMBERED)
        self._boxes = np.concatenate([boxes, self._boxes[lost]])
        self._misses = np.concatenate([np.zeros(len(ids), np.int64), self._misses[lost] + 1])
        self._ids = np.concatenate([ids, self._ids[lost]])
        return Named(ids, boxes.astype(float), np.ones(len(ids), bool))

    def _matched(self, boxes: Float32) -> NDArray[np.int64]:
        ids = np.zeros(len(boxes), np.int64)
        overlaps = iou_matrix(boxes, self._boxes)
        while overlaps.size and overlaps.max() > MIN_IOU:
            new, old = divmod(int(overlaps.argmax()), overlaps.shape[1])
            ids[new] = self._ids[old]
            overlaps[new, :] = overlaps[:, old] = 0
        return ids
