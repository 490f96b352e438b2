"""Faces that hang upside down: their meshes, placed again the right way up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from facemesh_ros.geometry.rois import rois_from_landmarks
from facemesh_ros.landmarks.detector_answers import DetectorAnswers
from facemesh_ros.landmarks.face_gate import log_odds
from facemesh_ros.landmarks.refinement import CERTAIN, CONVERGED, look_again
from facemesh_ros.struct_of_arrays import put
from facemesh_ros.types import FaceLandmarks, Observations, Rois

# By so much the mean logit must be higher upside down: that of upright meshes on masked faces is
# up to 0.5 higher there, that of meshes that were upside down at least 1.0.
LEAST_ADVANTAGE = 0.7


def turn_over(
    faces: Observations, answers: DetectorAnswers, predict: Callable[[Rois], FaceLandmarks]
) -> tuple[Observations, DetectorAnswers]:
    """Return N new faces, those with a mesh that lies upside down on them turned over.

    Detectors for upright heads find some that hang upside down, with keypoints upside down, and
    the landmark models then lay an upright mesh over them, sure of it. Where a detector that is
    asked about the mesh sees clearly more of a face in it upside down, it is placed again in crops
    turned by half a turn, twice. What is then more likely a face takes its place, with NaN
    keypoints: the detector took it for an upright one.

    Args:
        faces: N, whose landmarks have converged.
        answers: What detectors say of them.
        predict: The landmark model on this frame.

    Returns:
        The faces, and the answers about them as they are now.
    """
    rows = np.flatnonzero(answers.upside_down > answers.right + LEAST_ADVANTAGE)
    if not len(rows):
        return faces, answers
    doubtful, opposite = faces[rows], answers[rows].turned_over()
    doubtful = replace(doubtful, keypoints=np.full_like(doubtful.keypoints, np.nan))
    rois = rois_from_landmarks(doubtful.points)
    over = Rois(rois.centres, rois.sizes_wh, rois.rotations_rad + np.float32(np.pi))
    turned = look_again(doubtful, over, predict)
    turned = look_again(turned, rois_from_landmarks(turned.points), predict)
    is_better = (turned.presences > CERTAIN) & (turned.changes < CONVERGED)
    is_better &= log_odds(turned, opposite) > log_odds(doubtful, answers[rows])
    rows, better = rows[is_better], np.flatnonzero(is_better)
    return put(faces, rows, turned[better]), put(answers, rows, opposite[better])
