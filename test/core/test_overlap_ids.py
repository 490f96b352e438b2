"""Ids: one face each, never given out again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.core.nms import iou_matrix
from facemesh_ros.core.overlap_ids import OverlapIds

pytestmark = pytest.mark.filterwarnings('error')


def boxes_of(corners) -> np.ndarray:
    return np.float32([(x, y, x + w, y + h) for x, y, w, h in corners]).reshape(-1, 4)


places, lengths = st.integers(0, 40), st.integers(0, 30)
frames = st.lists(st.tuples(places, places, lengths, lengths), max_size=6).map(boxes_of)
# None stands for a reset.
streams = st.lists(st.one_of(frames, st.none()), max_size=12)
ious = st.sampled_from([0.0, 0.3, 0.5, 0.9])


@given(streams, ious)
def test_an_id_is_never_shared_and_never_comes_back(stream, min_iou):
    ids_of, last, ever = OverlapIds(), {}, set()
    for boxes in stream:
        if boxes is None:
            ids_of.reset()
            last = {}
            continue
        ids, ages = ids_of.assign(boxes, min_iou)
        assert len(set(ids.tolist())) == len(ids) == len(ages) == len(boxes)
        for number, age in zip(ids.tolist(), ages.tolist(), strict=True):
            if number in last:
                assert age == last[number] + 1
            else:
                assert age == 1
                assert number not in ever
        last = dict(zip(ids.tolist(), ages.tolist(), strict=True))
        ever |= set(last)
    # Counted up from 1 without a gap.
    assert ever == set(range(1, len(ever) + 1))


@given(frames, frames, ious)
def test_only_a_face_that_overlaps_enough_keeps_its_id(before, after, min_iou):
    ids_of = OverlapIds()
    first, _ = ids_of.assign(before, min_iou)
    second, _ = ids_of.assign(after, min_iou)
    overlaps = iou_matrix(after, before)
    kept = {(new, old) for new, old in np.ndindex(overlaps.shape) if second[new] == first[old]}
    assert all(overlaps[pair] > min_iou for pair in kept)
    # And two that overlap enough are only strangers if one of them had a better partner.
    new_of, old_of = dict(kept), {old: new for new, old in kept}
    for new, old in np.argwhere(overlaps > min_iou).tolist():
        best = max(
            overlaps[new, new_of[new]] if new in new_of else 0,
            overlaps[old_of[old], old] if old in old_of else 0,
        )
        assert best >= overlaps[new, old]


@given(frames, frames, st.randoms(use_true_random=False), ious)
def test_the_order_of_the_boxes_does_not_matter(before, after, random, min_iou):
    overlaps = iou_matrix(after, before)
    rivals = overlaps[overlaps > min_iou].tolist()
    if len(set(rivals)) < len(rivals):
        return  # equal overlaps leave a choice
    shuffled = list(range(len(after)))
    random.shuffle(shuffled)
    known = len(before)
    plain, other = OverlapIds(), OverlapIds()
    plain.assign(before, min_iou)
    other.assign(before, min_iou)
    ids, ages = plain.assign(after, min_iou)
    mixed_ids, mixed_ages = other.assign(after[shuffled], min_iou)
    assert np.array_equal(mixed_ages, ages[shuffled])
    kept = ids[shuffled] <= known
    assert np.array_equal(mixed_ids <= known, kept)
    assert np.array_equal(mixed_ids[kept], ids[shuffled][kept])


def test_a_still_face_keeps_its_id_and_grows_older():
    ids_of, face = OverlapIds(), boxes_of([(10, 10, 50, 50)])
    for age in range(1, 6):
        ids, ages = ids_of.assign(face, 0.5)
        assert (ids.tolist(), ages.tolist()) == ([1], [age])


def test_two_faces_that_pass_each_other_keep_their_ids():
    ids_of = OverlapIds()
    for step in range(0, 100, 5):
        left_to_right, right_to_left = (step, 0, 40, 40), (100 - step, 60, 40, 40)
        ids, _ = ids_of.assign(boxes_of([left_to_right, right_to_left]), 0.5)
        assert ids.tolist() == [1, 2]


def test_the_better_overlap_wins_the_id():
    ids_of = OverlapIds()
    ids_of.assign(boxes_of([(0, 0, 40, 40)]), 0.1)
    ids, ages = ids_of.assign(boxes_of([(20, 0, 40, 40), (2, 0, 40, 40)]), 0.1)
    assert ids.tolist() == [2, 1]
    assert ages.tolist() == [1, 2]


def test_a_face_that_left_for_a_frame_is_another():
    ids_of, face = OverlapIds(), boxes_of([(0, 0, 40, 40)])
    ids_of.assign(face, 0.5)
    ids, ages = ids_of.assign(boxes_of([]), 0.5)
    assert (ids.shape, ages.shape) == ((0,), (0,))
    assert ids_of.assign(face, 0.5)[0].tolist() == [2]


def test_reset_forgets_the_faces_but_not_the_count():
    ids_of, face = OverlapIds(), boxes_of([(0, 0, 40, 40)])
    ids_of.assign(face, 0.5)
    ids_of.reset()
    ids, ages = ids_of.assign(face, 0.5)
    assert (ids.tolist(), ages.tolist()) == ([2], [1])


def test_two_streams_count_on_their_own():
    face = boxes_of([(0, 0, 40, 40)])
    OverlapIds().assign(face, 0.5)
    assert OverlapIds().assign(face, 0.5)[0].tolist() == [1]
