"""The face gate: decides which observations are faces, from all that is known of each.

Presence alone does not: of dogs, fists, wheels and stones that a detector takes for faces, the
landmark models give every second one a presence of more than 0.99. Five things differ, and each is
evidence: the detector's score; where the detector sees eyes, nose, mouth and ears, and where the
mesh has them; the proportions of the mesh; how much it moves from look to look; and, in doubt,
what all detectors say of the mesh.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.boxes import box_sizes, tight_boxes
from facemesh_ros.geometry.named_points import NAMED_POINTS
from facemesh_ros.landmarks.detector_answers import (
    BoxScorer,
    DetectorAnswers,
    ask_detectors,
    logit,
)
from facemesh_ros.landmarks.mesh_shape import shape_deviations
from facemesh_ros.types import Float32, Float64, Observations

# Each term is the natural logarithm of how much more often faces show such a value than what is
# none, 0 where both do equally often; beyond its limits a value says no more. Chosen on half of
# 211 pictures with people and 387 of animals and things, with a view to the counts of the other
# half and of the annotated pictures: docs/recall.md.
SCORE_WEIGHT, SCORE_NEUTRAL, SCORE_LIMITS = 2.0, 0.65, (0.4, 0.95)
KEYPOINT_WEIGHT, KEYPOINT_NEUTRAL, KEYPOINT_LIMITS = 0.7, 0.1, (0.05, 1.0)
SHAPE_WEIGHT, SHAPE_NEUTRAL, SHAPE_LIMITS = 1.0, 0.5, (0.15, 1.5)
CHANGE_WEIGHT, CHANGE_NEUTRAL, CHANGE_LIMITS = 0.5, 0.03, (0.008, 0.1)
# Nearer to the decision than this the detectors are asked about the mesh. Without their answers no
# animal or thing exceeds 3.1.
DOUBTFUL_ODDS = 3.5
# Mean logit over detectors and windows: dogs and apes that short range scores 0.65 to 0.8 get 0.02
# to 0.4 from full range, people 0.8 to 0.95 from both.
WINDOW_WEIGHT, WINDOW_NEUTRAL = 2.8, 0.65
# A mesh that lies upside down on a face scores 0.4 to 0.8, and 0.85 to 0.97 in windows turned by
# 180 deg; one that lies right 0.85 to 0.97, and 0.3 to 0.8 in those.
UPSIDE_DOWN_WEIGHT = 2.0
# A mesh of which more than this lies outside the image is of a face that the border cuts: where it
# has eyes there may be nothing, and the windows of a detector are partly black. All but the change
# then says something only if it speaks for a face.
CUT_SHARE = 0.2
# The landmarks whose mean a keypoint of a detection is.
LANDMARKS_OF_KEYPOINTS = tuple(
    tuple(NAMED_POINTS[name] for name in names)
    for names in (
        ('right_eye_outer', 'right_eye_inner', 'right_eyelid_upper', 'right_eyelid_lower'),
        ('left_eye_outer', 'left_eye_inner', 'left_eyelid_upper', 'left_eyelid_lower'),
        ('nose_tip',),
        ('upper_lip_inner', 'lower_lip_inner'),
        ('right_face_side',),
        ('left_face_side',),
    )
)


def judge_faces(observations: Observations, min_presence: float) -> Observations:
    """Return the observations with `are_faces` decided by presence alone.

    So it is for a followed face: it was judged when it was found, and may turn away, yawn or be
    covered since. So it is for a detection that is looked at once, as in MediaPipe.

    Args:
        observations: N, whose landmarks are the last that this image is asked for.
        min_presence: What the presence of a face must exceed.
    """
    return observations.judged(observations.presences > min_presence)


def ask_in_doubt(
    observations: Observations,
    score_boxes: BoxScorer,
    image_wh: tuple[int, int],
    least_odds: float = 0.0,
) -> DetectorAnswers:
    """Return what detectors say of those of N new faces of which they can change the verdict.

    Args:
        observations: N, looked at more than once.
        score_boxes: What detectors say of boxes of landmarks.
        image_wh: Image width and height in px.
        least_odds: What the log-odds must exceed.
    """
    cut = outside_shares(observations.points, image_wh) > CUT_SHARE
    nearness = np.abs(log_odds(observations, cut=cut) - least_odds)
    return ask_detectors(observations, np.flatnonzero(nearness < DOUBTFUL_ODDS), score_boxes)


def judge_new_faces(
    observations: Observations,
    answers: DetectorAnswers,
    min_presence: float,
    image_wh: tuple[int, int],
    least_odds: float = 0.0,
) -> Observations:
    """Return observations of detections with `are_faces` decided by all that is known of them.

    Args:
        observations: N, looked at more than once.
        answers: What detectors say of them.
        min_presence: What the presence of a face must exceed.
        image_wh: Image width and height in px.
        least_odds: What the log-odds must exceed.
    """
    cut = outside_shares(observations.points, image_wh) > CUT_SHARE
    is_likely = log_odds(observations, answers, cut) > least_odds
    return observations.judged(is_likely & (observations.presences > min_presence))


def log_odds(
    observations: Observations,
    answers: DetectorAnswers | None = None,
    cut: NDArray[np.bool_] | None = None,
) -> Float64:
    """Return the logarithm of the odds that N detections are faces, (N,), presence apart.

    What is not known says nothing: NaN among keypoints, changes or answers.

    Args:
        observations: N, looked at more than once.
        answers: What detectors say of them; None if they were not asked.
        cut: (N,) whether the image's border cuts each; None if it cuts none.
    """
    score = np.clip(observations.scores.astype(np.float64), *SCORE_LIMITS)
    keypoints, shapes = keypoint_distances(observations), shape_deviations(observations.points)
    looks = [
        SCORE_WEIGHT * (logit(score) - logit(SCORE_NEUTRAL)),
        _term(keypoints, KEYPOINT_WEIGHT, KEYPOINT_NEUTRAL, KEYPOINT_LIMITS),
        _term(shapes, SHAPE_WEIGHT, SHAPE_NEUTRAL, SHAPE_LIMITS),
    ]
    if answers is not None:
        looks.append(_term_of_answers(answers))
    terms = np.stack(looks)
    if cut is not None:
        terms[:, cut] = np.maximum(terms[:, cut], 0)
    change = _term(observations.changes, CHANGE_WEIGHT, CHANGE_NEUTRAL, CHANGE_LIMITS)
    odds: Float64 = terms.sum(axis=0) + change
    return odds


def outside_shares(points: Float32, image_wh: tuple[int, int]) -> Float64:
    """Return which share of (N, L, 3) px landmarks lies outside the image, (N,)."""
    outside = (points[..., :2] < 0) | (points[..., :2] > np.subtract(image_wh, 1))
    shares: Float64 = outside.any(axis=2).mean(axis=1)
    return shares


def keypoint_distances(observations: Observations) -> Float64:
    """Return the RMS distance of N detections' keypoints from those of the mesh, in face sizes.

    Returns:
        (N,); NaN without a detection. The size is the root of the area of the landmarks' box.
    """
    xy = observations.points[..., :2].astype(np.float64)
    of_mesh = [xy[:, landmarks].mean(axis=1) for landmarks in LANDMARKS_OF_KEYPOINTS]
    squares = ((np.stack(of_mesh, axis=1) - observations.keypoints) ** 2).sum(axis=2)
    distances: Float64 = np.sqrt(squares.mean(axis=1))
    return distances / box_sizes(tight_boxes(observations.points))


def _term(values: Float64, weight: float, neutral: float, limits: tuple[float, float]) -> Float64:
    """Return the log-odds (N,) of values of which small ones speak for a face; 0 for NaN."""
    terms = -weight * np.log(np.clip(values, *limits) / neutral)
    return np.where(np.isnan(terms), 0, terms)


def _term_of_answers(answers: DetectorAnswers) -> Float64:
    """Return the log-odds (N,) that detectors add which are asked about meshes; 0 if not."""
    odds: Float64 = WINDOW_WEIGHT * (answers.right - logit(WINDOW_NEUTRAL))
    odds -= UPSIDE_DOWN_WEIGHT * np.maximum(answers.upside_down - answers.right, 0)
    return np.nan_to_num(odds)
