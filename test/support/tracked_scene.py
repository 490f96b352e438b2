"""A tracker on faces whose motion is computed, with models that are right by construction."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle

import numpy as np

from facemesh_ros.geometry.affine import rotations_from_angles
from facemesh_ros.geometry.boxes import tight_boxes
from facemesh_ros.settings.pipeline import PipelineSettings
from facemesh_ros.tracking.face_traits import FaceTraits
from facemesh_ros.tracking.tracker import FaceIds, Tracker
from facemesh_ros.tracking.tracks import Tracks
from facemesh_ros.types import (
    FaceDetections,
    FaceLandmarks,
    Frame,
    Observations,
    PixelOrder,
    Rois,
)

LANDMARKS = 468


class Scene:
    """What a pipeline does around a tracker.

    Attributes:
        tracker: Under test.
        settings: Of the next image.
        look_period: Images without a look after which one is due.
        looks: Which of the followed tracks the detector has looked at.
    """

    look_period = 10

    def __init__(self, **settings) -> None:
        self.tracker = Tracker(LANDMARKS, FaceIds())
        self.settings = PipelineSettings(**settings)
        self.looks: list[int] = []

    @staticmethod
    def face_at(x: float, y: float, size: float = 100.0, turn_rad: float = 0.0) -> np.ndarray:
        """(468, 3) px: a disc of points, its centre and width, turned clockwise."""
        angles, radii = np.arange(LANDMARKS) * 2.4, np.sqrt(np.linspace(0, 1, LANDMARKS))
        disc = radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        disc[[33, 263]] = (-0.5, -0.3), (0.5, -0.3)  # the outer corners of the eyes
        turn = rotations_from_angles(np.array([turn_rad]))[0]
        flat = size / 2 * disc @ turn.T + (x, y)
        return np.column_stack([flat, np.zeros(LANDMARKS)]).astype(np.float32)

    def show(
        self, *faces, dt=1 / 30, detector=True, image_wh=(640, 480), look_score=None, greys=(0,)
    ) -> Tracks:
        """Process the next image and return the tracks that are published.

        Args:
            faces: (468, 3) px each, in the order in which the detector finds them.
            dt: Time since the last image, s.
            detector: Whether it runs on this image.
            image_wh: Image width and height in px.
            look_score: What the detector says of the track that it looks at, if one is due.
            greys: Brightness of the faces, in turn; all else is black.
        """
        expected = self.tracker.predict(dt)
        found = self._detections(faces if detector else ())
        if look_score is not None and (due := self.tracker.due_look(self.look_period)) is not None:
            self.looks.append(due)
            self.tracker.take_look(due, look_score)
        new = self.tracker.match_detections(found, self.settings.min_tracking_iou)
        low, high = new.boxes_xyxy[:, :2], new.boxes_xyxy[:, 2:]
        rois = expected + Rois((low + high) / 2, 1.5 * (high - low), 0 * new.scores)
        points, presences = self._landmarks(rois, faces)
        looked = FaceLandmarks(points, presences)
        count = len(expected)
        observations = Observations.of_tracks(looked[:count], rois[:count])
        observations += Observations.of_detections(looked[count:], new, rois[count:])
        # Discs are no faces: presence alone says here what is one.
        are_faces = presences > self.settings.min_presence_confidence
        observations = replace(observations, are_faces=are_faces)
        frame = Frame(self._drawn(faces, greys, image_wh), PixelOrder.RGB)
        traits = FaceTraits.measured(frame, observations.points)
        self.tracker.update(observations, traits, self.settings, image_wh)
        return self.tracker.published(self.settings.min_tracking_iou)

    @staticmethod
    def _drawn(faces, greys, image_wh) -> np.ndarray:
        """(H, W, 3): the boxes of the faces, each twice as bright below as above its middle."""
        image = np.zeros((*image_wh[::-1], 3), np.uint8)
        for face, grey in zip(faces, cycle(greys), strict=False):
            x0, y0, x1, y1 = np.maximum(np.rint(tight_boxes(face[None])[0]), 0).astype(int)
            image[y0 : y1 + 1, x0 : x1 + 1] = grey
            image[y0 : (y0 + y1) // 2, x0 : x1 + 1] = grey // 2
        return image

    @staticmethod
    def _detections(faces) -> FaceDetections:
        points = np.reshape(np.float32(faces), (len(faces), LANDMARKS, 3))
        scores = np.linspace(0.9, 0.8, len(faces), dtype=np.float32)
        return FaceDetections(tight_boxes(points), points[:, :6, :2], scores)

    def _landmarks(self, rois: Rois, faces) -> tuple[np.ndarray, np.ndarray]:
        """In each crop, the face nearest to its centre, and presence; low without one."""
        points = np.empty((len(rois), LANDMARKS, 3), np.float32)
        presences = np.full(len(rois), 0.01, np.float32)
        for index, (centre, size) in enumerate(zip(rois.centres, rois.sizes_wh, strict=True)):
            points[index] = self.face_at(*centre, size[0] / 1.5)
            ways = [
                np.linalg.norm(tight_boxes(face[None])[0].reshape(2, 2).mean(axis=0) - centre)
                for face in faces
            ]
            if ways and min(ways) < size[0] / 2:
                points[index], presences[index] = faces[int(np.argmin(ways))], 0.99
        return points, presences
