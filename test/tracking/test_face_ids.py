"""Ids of faces: never one twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.tracking.tracker import FaceIds


@given(st.lists(st.integers(0, 5)))
def test_numbers_count_up_from_one(counts):
    ids = FaceIds()
    taken = [number for count in counts for number in _taken(ids, count)]
    assert taken == list(range(1, sum(counts) + 1))


def test_streams_that_share_them_get_different_ones():
    ids = FaceIds()
    with ThreadPoolExecutor(4) as threads:
        taken = list(threads.map(lambda count: _taken(ids, count), [1, 2, 3] * 200))
    numbers = [number for few in taken for number in few]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


def _taken(ids, count):
    first = ids.take(count)
    return range(first, first + count)
