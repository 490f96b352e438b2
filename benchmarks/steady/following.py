"""Landmarks of one face from image to image, without any filter: what the filters are given."""

from __future__ import annotations

import numpy as np

from facemesh_ros.core.blazeface import BlazeFace
from facemesh_ros.core.landmarker import FaceLandmarker
from facemesh_ros.core.profiles import detector_profile, landmark_profile
from facemesh_ros.core.providers import ProviderChoice
from facemesh_ros.core.rois import rois_from_detections
from facemesh_ros.core.types import Float32, Frame, PixelOrder, Rois, UInt8
from facemesh_ros.models.store import ModelStore
from facemesh_ros.sensor import load_network

MODEL = 'v2'
MARGIN = 1.5
MIN_SCORE = 0.5
RIGHT_EYE_OUTER, LEFT_EYE_OUTER = 33, 263


class FaceFollower:
    """Looks for each face where its landmarks were in the last image."""

    def __init__(self) -> None:
        store, choice = ModelStore(), ProviderChoice('cpu')
        network = load_network(store, 'short_range', choice)
        profile = landmark_profile(MODEL)
        self._square = profile.square_roi
        self._detector = BlazeFace(network, detector_profile('short_range'), profile.max_iou)
        self._landmarker = FaceLandmarker(load_network(store, MODEL, choice))
        self.reset()

    def reset(self) -> None:
        """Forget where the face was."""
        self._points: Float32 | None = None

    def landmarks(self, bgr: UInt8) -> Float32 | None:
        """Return (L, 3) px of the face that is followed, None if there is none."""
        frame = Frame(bgr, PixelOrder.BGR)
        if self._points is None:
            detections = self._detector.detect(frame, MIN_SCORE)[:1]
            rois = rois_from_detections(detections, square=self._square)
        else:
            rois = roi_around(self._points)
        located = self._landmarker.locate(frame, rois)
        found = len(rois) > 0 and located.presences[0] > MIN_SCORE
        self._points = located.points[0] if found else None
        return self._points

    def seen(self, bgr: UInt8) -> Float32:
        """Return (L, 3) px of the face that is followed; raises LookupError if there is none."""
        points = self.landmarks(bgr)
        if points is None:
            raise LookupError('no face is found where one is shown; take another picture')
        return points


def roi_around(points: Float32) -> Rois:
    """Return the crop around landmarks (L, 3), eyes level.

    Source: MediaPipe `face_landmark_landmarks_to_roi.pbtxt`.
    """
    xy = points[:, :2]
    low, high = xy.min(axis=0), xy.max(axis=0)
    eyes = xy[LEFT_EYE_OUTER] - xy[RIGHT_EYE_OUTER]
    side = MARGIN * (high - low).max()
    return Rois(
        np.float32([0.5 * (low + high)]),
        np.float32([[side, side]]),
        np.float32([np.arctan2(eyes[1], eyes[0])]),
    )
