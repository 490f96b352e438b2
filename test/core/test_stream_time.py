"""Intervals between stamps, and where a stream starts anew."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.core.stream_time import StreamTime

# A camera's clock of today, ns since 1970.
TODAY_NS = 1_795_000_000_000_000_000
MS = 1_000_000


def steps(*stamps_ns):
    time = StreamTime()
    return [time.step(stamp) for stamp in stamps_ns]


@pytest.mark.parametrize('start', [0, 5, TODAY_NS])
@given(milliseconds=st.lists(st.integers(1, 1000), min_size=1, max_size=9))
def test_intervals_are_those_between_the_stamps(start, milliseconds):
    stamps = [start]
    for gap in milliseconds:
        stamps.append(stamps[-1] + gap * MS)
    first, *later = steps(*stamps)
    assert first is None
    assert later == pytest.approx([gap / 1000 for gap in milliseconds])


def test_the_same_image_twice_takes_no_time():
    assert steps(TODAY_NS, TODAY_NS, TODAY_NS + 20 * MS) == [None, 0, 0.02]


def test_images_without_stamps_come_at_a_usual_rate():
    first, *later = steps(0, 0, 0)
    assert first is None
    assert all(1 / 120 < interval < 1 / 5 for interval in later)


@pytest.mark.parametrize('start', [1, 40 * MS, TODAY_NS])
def test_time_that_goes_back_starts_anew_and_then_goes_on(start):
    back = start - start // 2 - 1
    assert steps(start, back, back + 33 * MS) == [None, None, 0.033]


def test_a_recording_that_is_played_again_from_zero_starts_anew():
    assert steps(900 * MS, 0, 40 * MS) == [None, None, 0.04]


def test_stamps_that_begin_in_the_midst_of_a_stream_start_anew():
    assert steps(0, TODAY_NS, TODAY_NS + 40 * MS) == [None, None, 0.04]


@pytest.mark.parametrize(('gap_ms', 'goes_on'), [(999, True), (1001, False), (60_000, False)])
def test_a_pause_of_more_than_a_second_starts_anew(gap_ms, goes_on):
    _, interval = steps(TODAY_NS, TODAY_NS + gap_ms * MS)
    assert (interval is not None) == goes_on


def test_after_a_reset_the_next_image_is_the_first():
    time = StreamTime()
    time.step(TODAY_NS)
    time.reset()
    assert time.step(TODAY_NS + MS) is None
    assert time.step(TODAY_NS + 3 * MS) == pytest.approx(0.002)
