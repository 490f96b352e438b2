"""Hints wait for their turn, come once, and go stale."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.detection.candidates import LIFETIME, RETRY, CandidateQueue
from facemesh_ros.types import NO_DETECTIONS, FaceDetections

NOBODY = np.empty((0, 4), np.float32)


def hints(*places: tuple[float, float]) -> FaceDetections:
    """Boxes of 40 px at an x coordinate each, with a score each."""
    boxes = np.float32([(x, 50, x + 40, 90) for x, _ in places]).reshape(-1, 4)
    scores = np.float32([score for _, score in places])
    return FaceDetections(boxes, np.zeros((len(places), 6, 2), np.float32), scores)


def place(hint: FaceDetections) -> float | None:
    assert len(hint) <= 1
    return float(hint.boxes_xyxy[0, 0]) if len(hint) else None


def test_the_best_comes_first_and_the_others_after_it():
    pool = CandidateQueue()
    handed = [place(pool.next(hints((0, 0.3), (100, 0.4), (200, 0.35)), NOBODY))]
    handed += [place(pool.next(NO_DETECTIONS, NOBODY)) for _ in range(3)]
    assert handed == [100, 200, 0, None]


def test_a_better_one_overtakes_those_that_wait():
    pool = CandidateQueue()
    pool.next(hints((0, 0.9), (100, 0.3)), NOBODY)
    assert place(pool.next(hints((200, 0.4)), NOBODY)) == 200
    assert place(pool.next(NO_DETECTIONS, NOBODY)) == 100


def test_a_hint_is_handed_out_as_it_came():
    pool = CandidateQueue()
    hint = hints((100, 0.4))
    handed = pool.next(hint, NOBODY)
    for name in ('boxes_xyxy', 'keypoints', 'scores'):
        assert np.array_equal(getattr(handed, name), getattr(hint, name))


def test_the_same_place_is_not_tried_twice_in_a_short_time_but_again_later():
    pool = CandidateQueue()
    handed = [place(pool.next(hints((100 + k % 9, 0.4)), NOBODY)) for k in range(RETRY + 2)]
    assert handed[0] == 100
    assert handed[1:-1] == [None] * RETRY
    assert handed[-1] == 100 + (RETRY + 1) % 9


def test_a_hint_that_waits_while_its_place_is_tried_is_dropped():
    pool = CandidateQueue()
    assert place(pool.next(hints((100, 0.4), (103, 0.3)), NOBODY)) == 100
    assert place(pool.next(NO_DETECTIONS, NOBODY)) is None


def test_a_stale_hint_is_forgotten():
    pool = CandidateQueue()
    others = [(100.0 * k, 0.9) for k in range(1, LIFETIME + 2)]
    pool.next(hints((0, 0.2), *others), NOBODY)
    handed = [place(pool.next(NO_DETECTIONS, NOBODY)) for _ in range(LIFETIME + 5)]
    assert 0 not in handed
    assert handed[-1] is None


@pytest.mark.parametrize(
    'known',
    [(100, 50, 140, 90), (60, 0, 300, 200), (110, 60, 130, 80)],
    ids=['there', 'around', 'within'],
)
def test_a_face_that_is_known_needs_no_hint(known):
    pool = CandidateQueue()
    assert place(pool.next(hints((100, 0.9), (400, 0.3)), np.float32([known]))) == 400
    assert place(pool.next(NO_DETECTIONS, NOBODY)) is None


def test_one_that_waits_is_dropped_when_its_face_gets_known():
    pool = CandidateQueue()
    pool.next(hints((100, 0.3), (400, 0.9)), NOBODY)
    assert place(pool.next(NO_DETECTIONS, np.float32([(100, 50, 140, 90)]))) is None


def test_a_neighbour_of_a_known_face_is_handed_out():
    beside = np.float32([(141, 50, 181, 90)])
    assert place(CandidateQueue().next(hints((100, 0.9)), beside)) == 100


def test_a_reset_forgets_everything():
    pool = CandidateQueue()
    pool.next(hints((100, 0.9), (200, 0.8)), NOBODY)
    pool.reset()
    assert place(pool.next(NO_DETECTIONS, NOBODY)) is None
    assert place(pool.next(hints((100, 0.9)), NOBODY)) == 100


spots = st.lists(
    st.tuples(st.integers(0, 12).map(lambda k: 20.0 * k), st.sampled_from([0.2, 0.3, 0.4])),
    max_size=4,
)


@given(st.lists(spots, max_size=2 * RETRY))
def test_whatever_comes_no_place_is_handed_out_twice_within_a_lifetime(stream):
    pool = CandidateQueue()
    handed = [place(pool.next(hints(*new), NOBODY)) for new in stream]
    for index, first in enumerate(handed):
        later = handed[index + 1 : index + RETRY + 1]
        assert first is None or first not in later
    # Who is handed out was seen, in this image or not much before it.
    for index, found in enumerate(handed):
        recent = [x for new in stream[max(0, index - LIFETIME) : index + 1] for x, _ in new]
        assert found is None or found in recent
