"""Candidates wait, come out once, the best first, and expire."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.detection.candidates import LIFETIME_IMAGES, RETRY_IMAGES, CandidateQueue
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


def test_the_best_comes_first_and_the_others_after_it():
    queue = CandidateQueue()
    returned = [x_of(queue.next(candidates((0, 0.3), (100, 0.4), (200, 0.35)), NO_FACES))]
    returned += [x_of(queue.next(NO_DETECTIONS, NO_FACES)) for _ in range(3)]
    assert returned == [100, 200, 0, None]


def test_a_better_one_overtakes_those_that_wait():
    queue = CandidateQueue()
    queue.next(candidates((0, 0.9), (100, 0.3)), NO_FACES)
    assert x_of(queue.next(candidates((200, 0.4)), NO_FACES)) == 200
    assert x_of(queue.next(NO_DETECTIONS, NO_FACES)) == 100


def test_a_candidate_is_returned_as_it_came():
    queue = CandidateQueue()
    candidate = candidates((100, 0.4))
    returned = queue.next(candidate, NO_FACES)
    for name in ('boxes_xyxy', 'keypoints', 'scores'):
        assert np.array_equal(getattr(returned, name), getattr(candidate, name))


def test_a_candidate_is_tried_again_only_after_a_while():
    queue = CandidateQueue()
    returned = [
        x_of(queue.next(candidates((100 + k % 9, 0.4)), NO_FACES)) for k in range(RETRY_IMAGES + 2)
    ]
    assert returned[0] == 100
    assert returned[1:-1] == [None] * RETRY_IMAGES
    assert returned[-1] == 100 + (RETRY_IMAGES + 1) % 9


def test_a_waiting_duplicate_of_a_tried_candidate_is_dropped():
    queue = CandidateQueue()
    assert x_of(queue.next(candidates((100, 0.4), (103, 0.3)), NO_FACES)) == 100
    assert x_of(queue.next(NO_DETECTIONS, NO_FACES)) is None


def test_a_candidate_that_waits_too_long_is_dropped():
    queue = CandidateQueue()
    others = [(100.0 * k, 0.9) for k in range(1, LIFETIME_IMAGES + 2)]
    queue.next(candidates((0, 0.2), *others), NO_FACES)
    returned = [x_of(queue.next(NO_DETECTIONS, NO_FACES)) for _ in range(LIFETIME_IMAGES + 5)]
    assert 0 not in returned
    assert returned[-1] is None


@pytest.mark.parametrize(
    'known',
    [(100, 50, 140, 90), (60, 0, 300, 200), (110, 60, 130, 80)],
    ids=['there', 'around', 'within'],
)
def test_a_candidate_at_a_known_face_is_dropped(known):
    queue = CandidateQueue()
    assert x_of(queue.next(candidates((100, 0.9), (400, 0.3)), np.float32([known]))) == 400
    assert x_of(queue.next(NO_DETECTIONS, NO_FACES)) is None


def test_a_waiting_candidate_is_dropped_when_its_face_becomes_known():
    queue = CandidateQueue()
    queue.next(candidates((100, 0.3), (400, 0.9)), NO_FACES)
    assert x_of(queue.next(NO_DETECTIONS, np.float32([(100, 50, 140, 90)]))) is None


def test_a_neighbour_of_a_known_face_is_returned():
    beside = np.float32([(141, 50, 181, 90)])
    assert x_of(CandidateQueue().next(candidates((100, 0.9)), beside)) == 100


def test_a_reset_forgets_everything():
    queue = CandidateQueue()
    queue.next(candidates((100, 0.9), (200, 0.8)), NO_FACES)
    queue.reset()
    assert x_of(queue.next(NO_DETECTIONS, NO_FACES)) is None
    assert x_of(queue.next(candidates((100, 0.9)), NO_FACES)) == 100


spots = st.lists(
    st.tuples(st.integers(0, 12).map(lambda k: 20.0 * k), st.sampled_from([0.2, 0.3, 0.4])),
    max_size=4,
)


@given(st.lists(spots, max_size=2 * RETRY_IMAGES))
def test_whatever_comes_no_candidate_is_returned_twice_in_a_short_time(stream):
    queue = CandidateQueue()
    returned = [x_of(queue.next(candidates(*new), NO_FACES)) for new in stream]
    for index, first in enumerate(returned):
        later = returned[index + 1 : index + RETRY_IMAGES + 1]
        assert first is None or first not in later
    # What is returned was detected in this image or not much before it.
    for index, found in enumerate(returned):
        recent = [x for new in stream[max(0, index - LIFETIME_IMAGES) : index + 1] for x, _ in new]
        assert found is None or found in recent
