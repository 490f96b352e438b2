"""New faces of one stream: the looks that a detection gets until it is a face, or none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from facemesh_ros.landmarks.detector_answers import BoxScorer
from facemesh_ros.landmarks.face_gate import ask_in_doubt, judge_new_faces
from facemesh_ros.landmarks.further_looks import MIN_LOG_ODDS, MIN_SCORE, look_further
from facemesh_ros.landmarks.refinement import refine_landmarks
from facemesh_ros.landmarks.tried_detections import TriedDetections
from facemesh_ros.landmarks.turned_faces import turn_over
from facemesh_ros.types import FaceLandmarks, Float32, Observations, Rois


class NewFaces:
    """Looks at detections again: at likely faces to place their landmarks, at others to find them.

    What further looks have rejected gets none for some seconds, so that a stream in which a
    detector sees a face in every image, and the landmark model none, costs no more than others.
    """

    def __init__(self) -> None:
        self._tried = TriedDetections()

    def reset(self) -> None:
        """Forget what was rejected."""
        self._tried.reset()

    def observe(
        self,
        first: Observations,
        boxes_xyxy: Float32,
        predict: Callable[[Rois], FaceLandmarks],
        score_boxes: BoxScorer,
        *,
        image_wh: tuple[int, int],
        min_presence: float,
        now_ns: int,
        max_further: int,
    ) -> Observations:
        """Return those of N detections that converge, judged.

        Args:
            first: What the first crops show, best detection first.
            boxes_xyxy: (N, 4) px, of the detections.
            predict: The landmark model on this frame.
            score_boxes: What detectors say of boxes of landmarks; asked of doubtful ones.
            image_wh: Image width and height in px.
            min_presence: What the presence of a face must exceed.
            now_ns: Time of the stream.
            max_further: How many rejected detections get further looks.
        """
        converged, rows = refine_landmarks(first, predict, min_presence)
        answers = ask_in_doubt(converged, score_boxes, image_wh)
        placed, answers = turn_over(converged, answers, predict)
        found = judge_new_faces(placed, answers, min_presence, image_wh)
        is_left = np.asarray(first.scores >= MIN_SCORE)
        is_left[rows[found.are_faces]] = False
        if not is_left.any():
            return found
        left = np.flatnonzero(is_left & self._tried.are_due(boxes_xyxy, now_ns))[:max_further]
        if not len(left):
            return found
        others, owners = look_further(first[left], predict)
        answers = ask_in_doubt(others, score_boxes, image_wh, MIN_LOG_ODDS)
        others = judge_new_faces(others, answers, min_presence, image_wh, MIN_LOG_ODDS)
        others, owners = others[others.are_faces], owners[others.are_faces]
        self._tried.add(boxes_xyxy[np.delete(left, owners)], now_ns)
        return found + others
