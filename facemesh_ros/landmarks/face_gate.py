"""The face gate: decides which observations are faces, from all that is known of each.

Presence alone does not: of dogs, fists, wheels and stones that a detector takes for faces, the
landmark models give every second one a presence of more than 0.99. Four things differ, and each is
evidence: the detector's score; where the detector sees eyes, nose, mouth and ears, and where the
mesh has them; the proportions of the mesh; how much it moves from look to look.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.boxes import box_sizes, tight_boxes
from facemesh_ros.geometry.named_points import NAMED_POINTS
from facemesh_ros.landmarks.mesh_shape import shape_deviations
from facemesh_ros.types import Float32, Float64, Observations

# Each term is the natural logarithm of how much more often faces show such a value than what is
# none, 0 where both do equally often; beyond its limits a value says no more. Weights by logistic
# regression on 2878 looks at faces and 135 at other things, of all three models, that had passed
# by presence; judged on pictures left out, they keep 99 % of the faces and 27 % of the others.
SCORE_WEIGHT, SCORE_NEUTRAL, SCORE_LIMITS = 2.3, 0.65, (0.4, 0.95)
KEYPOINT_WEIGHT, KEYPOINT_NEUTRAL, KEYPOINT_LIMITS = 1.6, 0.1, (0.05, 1.0)
SHAPE_WEIGHT, SHAPE_NEUTRAL, SHAPE_LIMITS = 2.1, 0.5, (0.15, 1.5)
CHANGE_WEIGHT, CHANGE_NEUTRAL, CHANGE_LIMITS = 1.0, 0.03, (0.008, 0.1)
# Nearer to the decision than this a detector is asked about the mesh, too, as a mean over windows
# of several sizes. In 400 enlarged parts of pictures without a face, which chose no weight of the
# other terms, 2 pass with v2 instead of 4; covered faces gain, tiny ones lose one or two of 48.
DOUBTFUL_ODDS = 2.5
WINDOW_WEIGHT, WINDOW_NEUTRAL, WINDOW_LIMITS = 1.5, 0.67, (0.05, 0.95)
# A mesh that lies upside down on a face scores 0.4 to 0.8, and 0.85 to 0.97 in windows turned by
# 180 deg; one that lies right 0.85 to 0.97, and 0.3 to 0.8 in those.
UPSIDE_DOWN_WEIGHT = 2.0
# A mesh of which more than this lies outside the image is of a face that the border cuts: where it
# has eyes there may be nothing, and the windows of a detector are partly black. Its keypoints and
# proportions then say something only if they are a face's.
CUT_SHARE = 0.2
# Returns a detector's scores (N, K) of boxes (N, 4) px of meshes, turned by (N,) rad.
BoxScorer = Callable[[Float32, Float32], Float64]
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
    return replace(observations, are_faces=observations.presences > min_presence)


def judge_new_faces(
    observations: Observations,
    min_presence: float,
    score_boxes: BoxScorer,
    image_wh: tuple[int, int],
    least_odds: float = 0.0,
) -> Observations:
    """Return observations of detections with `are_faces` decided by all that is known of them.

    Args:
        observations: N, looked at more than once.
        min_presence: What the presence of a face must exceed.
        score_boxes: Returns what a detector says of boxes of landmarks; asked only in doubt.
        image_wh: Image width and height in px.
        least_odds: What the log-odds must exceed.
    """
    are_faces = observations.presences > min_presence
    cut = outside_shares(observations.points, image_wh) > CUT_SHARE
    odds = log_odds(observations, cut) - least_odds
    doubtful = np.flatnonzero(are_faces & ~cut & (np.abs(odds) < DOUBTFUL_ODDS))
    if len(doubtful):
        odds[doubtful] += odds_by_detector(observations[doubtful], score_boxes)
    return replace(observations, are_faces=are_faces & (odds > 0))


def log_odds(observations: Observations, cut: NDArray[np.bool_] | None = None) -> Float64:
    """Return the logarithm of the odds that N detections are faces, (N,), presence apart.

    What is not known says nothing: NaN among keypoints or changes.

    Args:
        observations: N, looked at more than once.
        cut: (N,) whether the image's border cuts each; None if it cuts none.
    """
    score = np.clip(observations.scores.astype(np.float64), *SCORE_LIMITS)
    odds = SCORE_WEIGHT * (_logit(score) - _logit(SCORE_NEUTRAL))
    keypoints, shapes = keypoint_distances(observations), shape_deviations(observations.points)
    of_mesh = _terms(keypoints, KEYPOINT_WEIGHT, KEYPOINT_NEUTRAL, KEYPOINT_LIMITS)
    of_mesh += _terms(shapes, SHAPE_WEIGHT, SHAPE_NEUTRAL, SHAPE_LIMITS)
    if cut is not None:
        of_mesh[cut] = np.maximum(of_mesh[cut], 0)
    return (
        odds + of_mesh + _terms(observations.changes, CHANGE_WEIGHT, CHANGE_NEUTRAL, CHANGE_LIMITS)
    )


def outside_shares(points: Float32, image_wh: tuple[int, int]) -> Float64:
    """Return which share of (N, L, 3) px landmarks lies outside the image, (N,)."""
    outside = (points[..., :2] < 0) | (points[..., :2] > np.subtract(image_wh, 1))
    shares: Float64 = outside.any(axis=2).mean(axis=1)
    return shares


def odds_by_detector(observations: Observations, score_boxes: BoxScorer) -> Float64:
    """Return the log-odds (N,) that a detector adds which is asked about N meshes."""
    right, upside_down = window_logits(observations, score_boxes)
    odds: Float64 = WINDOW_WEIGHT * (right - _logit(WINDOW_NEUTRAL))
    return odds - UPSIDE_DOWN_WEIGHT * np.maximum(upside_down - right, 0)


def window_logits(observations: Observations, score_boxes: BoxScorer) -> tuple[Float64, Float64]:
    """Return a detector's mean logits (N,) of N meshes: as they are, and upside down."""
    boxes, angles = tight_boxes(observations.points), observations.rois.rotations_rad
    turned = np.concatenate([angles, angles + np.float32(np.pi)])
    scores = score_boxes(np.concatenate([boxes, boxes]), turned)
    logits = _logit(np.clip(scores, *WINDOW_LIMITS)).mean(axis=1)
    return logits[: len(boxes)], logits[len(boxes) :]


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


def _terms(values: Float64, weight: float, neutral: float, limits: tuple[float, float]) -> Float64:
    """Return the log-odds (N,) of values of which small ones speak for a face; 0 for NaN."""
    terms = -weight * np.log(np.clip(values, *limits) / neutral)
    return np.where(np.isnan(terms), 0, terms)


def _logit(probability: Float64 | float) -> Float64:
    return np.asarray(np.log(probability / (1 - np.asarray(probability))))
