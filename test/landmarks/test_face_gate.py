"""The face gate: what is known of a detection decides together; followed faces keep theirs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facemesh_ros.geometry.shape_model import load_shape_model
from facemesh_ros.landmarks.detector_answers import DetectorAnswers
from facemesh_ros.landmarks.face_gate import (
    LANDMARKS_OF_KEYPOINTS,
    WINDOW_NEUTRAL,
    ask_in_doubt,
    judge_faces,
    judge_new_faces,
    keypoint_distances,
    log_odds,
    outside_shares,
)
from facemesh_ros.landmarks.mesh_shape import IMAGE_FROM_FACE
from facemesh_ros.types import FaceDetections, FaceLandmarks, Observations, Rois

MIN_PRESENCE, IMAGE_WH = 0.5, (960, 640)
FACE_PX = 2000 * load_shape_model().mean_m @ IMAGE_FROM_FACE.T + (320, 240, 0)


def keypoints_of(face_px) -> np.ndarray:
    return np.stack([face_px[list(group), :2].mean(axis=0) for group in LANDMARKS_OF_KEYPOINTS])


def detection(face_px=FACE_PX, *, score=0.9, presence=0.99, keypoints=None, change=0.01):
    """One detection, of the mean face unless said otherwise, looked at twice."""
    points = np.float32(face_px)[None]
    found = keypoints_of(face_px) if keypoints is None else keypoints
    boxes = np.zeros((1, 4), np.float32)
    detections = FaceDetections(boxes, np.float32(found)[None], np.float32([score]))
    roi = Rois(np.zeros((1, 2), np.float32), np.ones((1, 2), np.float32), np.zeros(1, np.float32))
    looked = Observations.of_detections(
        FaceLandmarks(points, np.float32([presence])), detections, roi
    )
    return replace(looked, changes=np.array([change]))


class Scorer:
    """A detector that gives upright boxes one score and turned ones another."""

    def __init__(self, score: float, upside_down: float = 0.0) -> None:
        self._scores = score, upside_down
        self.boxes: list[np.ndarray] = []

    def __call__(self, boxes_xyxy, angles_rad) -> np.ndarray:
        self.boxes += list(boxes_xyxy)
        scores = np.where(np.cos(angles_rad) > 0, *self._scores)
        return np.repeat(scores[:, None], 3, axis=1)


def judged(observations, scorer, least_odds=0.0) -> list[bool]:
    """Whether each is a face, where a detector says what `scorer` does if it is asked."""
    answers = ask_in_doubt(observations, scorer, IMAGE_WH, least_odds)
    faces = judge_new_faces(observations, answers, MIN_PRESENCE, IMAGE_WH, least_odds)
    return faces.are_faces.tolist()


def is_face(observations, score=WINDOW_NEUTRAL) -> bool:
    return judged(observations, Scorer(score))[0]


def test_a_clear_face_is_one():
    assert is_face(detection())


def test_a_face_with_one_weak_sign_is_still_one():
    assert is_face(detection(score=0.6))
    assert is_face(detection(change=0.09))
    assert is_face(detection(keypoints=keypoints_of(FACE_PX) + 40))
    assert is_face(detection(FACE_PX * (1.15, 1, 1)))


def test_presence_is_required_whatever_else_is_known():
    assert not is_face(detection(score=0.99, presence=0.5))


def test_of_what_was_looked_at_once_presence_decides_as_in_mediapipe():
    once = detection(score=0.5, keypoints=keypoints_of(FACE_PX) + 90, change=np.nan)
    assert judge_faces(once, MIN_PRESENCE).are_faces.all()
    absent = detection(presence=0.5, change=np.nan)
    assert not judge_faces(absent, MIN_PRESENCE).are_faces.any()


def test_several_weak_signs_make_no_face():
    elsewhere = keypoints_of(FACE_PX) + np.array([90, 60])
    assert not is_face(detection(score=0.58, keypoints=elsewhere, change=0.08))


def test_landmarks_upside_down_on_a_face_are_not_reported():
    turned = keypoints_of(FACE_PX * (-1, -1, 1))
    assert not is_face(detection(score=0.7, keypoints=turned, change=0.05))


def test_each_sign_counts_in_its_direction():
    clear = log_odds(detection(score=0.8, change=0.02))[0]
    assert log_odds(detection(score=0.7, change=0.02))[0] < clear
    assert log_odds(detection(score=0.8, change=0.05))[0] < clear
    moved = keypoints_of(FACE_PX) + 60
    assert log_odds(detection(score=0.8, change=0.02, keypoints=moved))[0] < clear
    assert log_odds(detection(FACE_PX * (1.5, 1, 1), score=0.8, change=0.02))[0] < clear


def test_what_is_not_known_says_nothing():
    once = log_odds(detection(change=np.nan))[0]
    assert log_odds(detection(change=0.09))[0] < once < log_odds(detection(change=0.01))[0]
    nowhere = log_odds(detection(keypoints=np.full((6, 2), np.nan)))[0]
    far = keypoints_of(FACE_PX) + 200
    assert log_odds(detection(keypoints=far))[0] < nowhere < log_odds(detection())[0]


def test_no_value_decides_alone_without_bounds():
    """One absurd value weighs as much as one at its limit, so that the others still count."""
    odds = log_odds(detection(keypoints=keypoints_of(FACE_PX) + 1e6, change=1e6))
    assert np.isfinite(odds).all()
    collapsed = detection(np.zeros((468, 3)), score=0.5)
    assert np.isfinite(log_odds(collapsed)).all()
    assert not is_face(collapsed)


def test_a_followed_face_may_turn_yawn_and_be_covered():
    """Landmarks as far from a face's as can be: presence alone says whether it is still there."""
    points = np.random.default_rng(0).uniform(0, 100, (2, 468, 3)).astype(np.float32)
    rois = detection().rois[np.zeros(2, int)]
    tracked = Observations.of_tracks(FaceLandmarks(points, np.float32([0.9, 0.4])), rois)
    assert judge_faces(tracked, MIN_PRESENCE).are_faces.tolist() == [True, False]


@pytest.mark.parametrize('scale', [0.1, 1, 10])
def test_where_and_how_large_a_face_is_says_nothing(scale):
    moved = FACE_PX * scale + (300, 40, 0)
    assert log_odds(detection(moved)) == pytest.approx(log_odds(detection()), abs=1e-2)
    shifted = detection(moved, keypoints=keypoints_of(moved) + 0.01 * scale * np.ptp(FACE_PX))
    assert keypoint_distances(shifted)[0] == pytest.approx(
        keypoint_distances(detection(keypoints=keypoints_of(FACE_PX) + 0.01 * np.ptp(FACE_PX)))[0],
        rel=1e-2,
    )


def test_in_doubt_the_detector_decides_about_the_mesh():
    doubtful = detection(score=0.7, keypoints=keypoints_of(FACE_PX) + 45, change=0.05)
    assert abs(log_odds(doubtful)[0]) < 2
    assert is_face(doubtful, score=0.9)
    assert not is_face(doubtful, score=0.2)
    assert not is_face(doubtful, score=0.0)


def test_the_detector_is_asked_about_doubtful_meshes_only():
    doubtful = detection(score=0.7, keypoints=keypoints_of(FACE_PX) + 45, change=0.05)
    scorer = Scorer(0.0)
    assert judged(detection() + doubtful, scorer) == [True, False]
    box = np.concatenate([FACE_PX[:, :2].min(0), FACE_PX[:, :2].max(0)])
    assert np.stack(scorer.boxes) == pytest.approx(np.stack([box, box]))


def test_answers_are_kept_and_hold_for_the_mesh_turned_over():
    doubtful = detection(score=0.7, keypoints=keypoints_of(FACE_PX) + 45, change=0.05)
    answers = ask_in_doubt(doubtful, Scorer(0.3, 0.95), IMAGE_WH)
    as_it_is = log_odds(doubtful, answers)[0]
    assert as_it_is < log_odds(doubtful)[0] < log_odds(doubtful, answers.turned_over())[0]
    nobody = DetectorAnswers(np.array([np.nan]), np.array([np.nan]))
    assert log_odds(doubtful, nobody) == pytest.approx(log_odds(doubtful))


def test_a_mesh_on_what_is_more_of_a_face_upside_down_is_not_reported():
    doubtful = detection(score=0.75, keypoints=keypoints_of(FACE_PX) + 45, change=0.05)

    def is_reported(score, upside_down):
        return judged(doubtful, Scorer(score, upside_down))[0]

    assert is_reported(0.75, 0.3)
    assert is_reported(0.9, 0.8)
    assert not is_reported(0.75, 0.93)


def test_more_can_be_asked_of_a_face_than_that_it_is_likely():
    face = detection()
    enough = log_odds(face)[0] + 0.1
    assert judged(face, Scorer(WINDOW_NEUTRAL)) == [True]
    assert judged(face, Scorer(WINDOW_NEUTRAL), enough) == [False]


def test_no_detections_are_judged():
    assert len(judge_faces(detection()[:0], MIN_PRESENCE)) == 0
    assert judged(detection()[:0], Scorer(0.0)) == []


def test_what_lies_outside_the_image_does_not_speak_against_a_face():
    long, up = FACE_PX * (1, 1.6, 1), (0, -1.6 * 240 - 40, 0)  # brows and eyes above the border
    inside, cut = (
        detection(face_px, score=0.68, keypoints=np.add(keypoints_of(face_px), (40, 0)))
        for face_px in (long, long + up)
    )
    assert 0.3 < outside_shares(cut.points, IMAGE_WH)[0] < 0.6
    assert not is_face(inside)
    assert is_face(cut)
    # Neither does it make one.
    assert not is_face(replace(cut, scores=np.float32([0.5]), changes=np.array([0.08])))
