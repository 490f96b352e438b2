"""Candidates wait, come out once, the best first, and expire."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.detection.candidates import (
    LIFETIME_IMAGES,
    RETRY_IMAGES,
    RETRY_SCORE_FACTOR,
    CandidateQueue,
)
from facemesh_ros.types import NO_DETECTIONS, FaceDetections

NO_FACES = np.empty((0, 4), np.float32)


def candidates(*spots: tuple[float, float]) -> FaceDetections:
    """Boxes of 40 px at an x coordinate each, with a score each."""
    boxes = np.float32([(x, 50, x + 40, 90) for x, _ in spots]).reshape(-1, 4)
    scores = np.float32([score for _, score in spots])
    return FaceDetections(boxes, np.zeros((len(spots), 6, 2), np.float32), scores)


def x_of(candidate: FaceDetections) -> float | None:
    assert len(candidate) <= 1
    return float(candidate.boxes_xyxy[0, 0]) if len(candidate) else None


def next_of(queue: CandidateQueue, new: FaceDetections, known_xyxy=NO_FACES) -> FaceDetections:
    """The candidate that is confirmed in the next image."""
    queue.add(new, known_xyxy)
    return queue.take()


def test_the_best_comes_first_and_the_others_after_it():
    queue = CandidateQueue()
    returned = [x_of(next_of(queue, candidates((0, 0.3), (100, 0.4), (200, 0.35))))]
    returned += [x_of(next_of(queue, NO_DETECTIONS)) for _ in range(3)]
    assert returned == [100, 200, 0, None]


def test_a_better_one_overtakes_those_that_wait():
    queue = CandidateQueue()
    next_of(queue, candidates((0, 0.9), (100, 0.3)))
    assert x_of(next_of(queue, candidates((200, 0.4)))) == 200
    assert x_of(next_of(queue, NO_DETECTIONS)) == 100


def test_a_candidate_is_returned_as_it_came():
    queue = CandidateQueue()
    candidate = candidates((100, 0.4))
    returned = next_of(queue, candidate)
    for name in ('boxes_xyxy', 'keypoints', 'scores'):
        assert np.array_equal(getattr(returned, name), getattr(candidate, name))


def test_a_candidate_is_tried_again_only_after_a_while():
    queue = CandidateQueue()
    returned = [
        x_of(next_of(queue, candidates((100 + k % 9, 0.4)))) for k in range(RETRY_IMAGES + 2)
    ]
    assert returned[0] == 100
    assert returned[1:-1] == [None] * RETRY_IMAGES
    assert returned[-1] == 100 + (RETRY_IMAGES + 1) % 9


@pytest.mark.parametrize(('score', 'again'), [(0.49, None), (0.51, 104)])
def test_what_was_rejected_is_tried_again_at_once_if_it_looks_more_like_a_face(score, again):
    queue = CandidateQueue()
    next_of(queue, candidates((100, 0.4)))
    assert x_of(next_of(queue, candidates((104, score)))) == again


def test_candidates_wait_while_there_is_no_room_for_them():
    queue = CandidateQueue()
    queue.add(candidates((100, 0.4)), NO_FACES)
    queue.add(candidates((200, 0.3)), NO_FACES)
    assert [x_of(queue.take(score)) for score in (0.45, 0.35, 0.35, 0.0)] == [None, 100, None, 200]
    assert x_of(queue.take()) is None


def test_a_waiting_duplicate_of_a_tried_candidate_is_dropped():
    queue = CandidateQueue()
    assert x_of(next_of(queue, candidates((100, 0.4), (103, 0.3)))) == 100
    assert x_of(next_of(queue, NO_DETECTIONS)) is None


def test_a_candidate_that_waits_too_long_is_dropped():
    queue = CandidateQueue()
    others = [(100.0 * k, 0.9) for k in range(1, LIFETIME_IMAGES + 2)]
    next_of(queue, candidates((0, 0.2), *others))
    returned = [x_of(next_of(queue, NO_DETECTIONS)) for _ in range(LIFETIME_IMAGES + 5)]
    assert 0 not in returned
    assert returned[-1] is None


@pytest.mark.parametrize(
    'known',
    [(100, 50, 140, 90), (60, 0, 300, 200), (110, 60, 130, 80)],
    ids=['there', 'around', 'within'],
)
def test_a_candidate_at_a_known_face_is_dropped(known):
    queue = CandidateQueue()
    assert x_of(next_of(queue, candidates((100, 0.9), (400, 0.3)), np.float32([known]))) == 400
    assert x_of(next_of(queue, NO_DETECTIONS)) is None


def test_a_waiting_candidate_is_dropped_when_its_face_becomes_known():
    queue = CandidateQueue()
    next_of(queue, candidates((100, 0.3), (400, 0.9)))
    assert x_of(next_of(queue, NO_DETECTIONS, np.float32([(100, 50, 140, 90)]))) is None


def test_a_neighbour_of_a_known_face_is_returned():
    beside = np.float32([(141, 50, 181, 90)])
    assert x_of(next_of(CandidateQueue(), candidates((100, 0.9)), beside)) == 100


def test_a_reset_forgets_everything():
    queue = CandidateQueue()
    next_of(queue, candidates((100, 0.9), (200, 0.8)))
    queue.reset()
    assert x_of(next_of(queue, NO_DETECTIONS)) is None
    assert x_of(next_of(queue, candidates((100, 0.9)))) == 100


spots = st.lists(
    st.tuples(st.integers(0, 12).map(lambda k: 20.0 * k), st.sampled_from([0.2, 0.3, 0.4])),
    max_size=4,
)


@given(st.lists(spots, max_size=60))
def test_whatever_comes_no_candidate_is_returned_twice_unless_it_scores_better(stream):
    queue = CandidateQueue()
    returned = [next_of(queue, candidates(*new)) for new in stream]
    tried: dict[float | None, float] = {}
    for index, found in enumerate(returned):
        if not len(found):
            continue
        x, score = x_of(found), float(found.scores[0])
        assert score > RETRY_SCORE_FACTOR * tried.get(x, 0.0)
        tried[x] = score
        # What is returned was detected in this image or not much before it.
        recent = stream[max(0, index - LIFETIME_IMAGES) : index + 1]
        assert x in [spot[0] for new in recent for spot in new]
