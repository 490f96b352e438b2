"""Intervals between stamps, and where a new stream begins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.frame_clock import FrameClock, StampFaults

# A camera clock's usual value, ns since 1970.
TODAY_NS = 1_795_000_000_000_000_000
MS = 1_000_000


def steps(*stamps_ns):
    time = FrameClock()
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


def test_unstamped_images_come_at_a_nominal_rate():
    first, *later = steps(0, 0, 0)
    assert first is None
    assert all(1 / 120 < interval < 1 / 5 for interval in later)


@pytest.mark.parametrize('start', [4000 * MS, TODAY_NS])
@pytest.mark.parametrize('back_ms', [1000, 1500, 3900])
def test_time_that_goes_back_by_a_second_or_more_starts_anew_and_then_goes_on(start, back_ms):
    back, time = start - back_ms * MS, FrameClock()
    stamps = [start, back, back + 33 * MS]
    assert [time.step(stamp) for stamp in stamps] == [None, None, 0.033]
    assert time.faults == StampFaults(set_back=1)


def test_a_recording_that_is_played_again_from_zero_starts_anew():
    first, *_, end, zero, again, later = steps(0, 30 * MS, 9000 * MS, 0, 40 * MS, 80 * MS)
    assert (first, end) == (None, None)
    # Zero may mean no stamp; only the next one shows.
    assert (zero, again, later) == (0, None, 0.04)


@pytest.mark.parametrize('late_ns', [1, 1000, 15 * MS, 999 * MS])
def test_a_late_image_takes_no_time(late_ns):
    time = FrameClock()
    stamps = [TODAY_NS, TODAY_NS + 40 * MS, TODAY_NS + 40 * MS - late_ns, TODAY_NS + 90 * MS]
    assert [time.step(stamp) for stamp in stamps] == [None, 0.04, 0, 0.05]
    assert time.faults == StampFaults(late=1)


@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(0, 50)), min_size=2, max_size=40),
)
def test_reordered_images_change_no_time_in_all(images):
    """Images of a regular stream, each delayed by another time."""
    sent = np.cumsum([gap for gap, _ in images])
    arrival = np.argsort([at + delay for at, (_, delay) in zip(sent, images, strict=True)])
    time, stamps = FrameClock(), [TODAY_NS + int(sent[index]) * MS for index in arrival]
    first, *intervals = [time.step(stamp) for stamp in stamps]
    assert first is None
    assert None not in intervals
    assert sum(intervals) == pytest.approx((max(stamps) - stamps[0]) / 1e9)
    assert time.now_ns == max(stamps)


stamps_of_any_kind = st.one_of(
    st.just(0), st.integers(-(2**31) * 10**9, 2**31 * 10**9), st.integers(-20, 3000).map(str)
)


@given(st.lists(stamps_of_any_kind, max_size=60))
def test_with_any_stamps_time_never_goes_back_within_a_stream(stamps):
    time, before_ns = FrameClock(), 0
    for stamp in stamps:
        # Written ones are ms after the last one.
        interval = time.step(time.now_ns + int(stamp) * MS if isinstance(stamp, str) else stamp)
        if interval is not None:
            assert 0 <= interval <= 20
            assert time.now_ns - before_ns == pytest.approx(interval * 1e9, abs=1)
        before_ns = time.now_ns


def test_a_clock_set_back_a_little_does_not_restart_the_stream():
    """Synchronised by half a second: nothing is forgotten, and time goes on as it did."""
    back_ns = 500 * MS
    stamps = [TODAY_NS + index * 50 * MS for index in range(20)]
    stamps += [stamps[-1] - back_ns + index * 50 * MS for index in range(1, 30)]
    _, *intervals = steps(*stamps)
    assert None not in intervals
    assert intervals[-15:] == pytest.approx([0.05] * 15)


def test_an_unstamped_image_in_a_stamped_stream_takes_no_time():
    time = FrameClock()
    stamps = [TODAY_NS, TODAY_NS + 30 * MS, 0, TODAY_NS + 90 * MS, 0, 0, TODAY_NS + 180 * MS]
    assert [time.step(stamp) for stamp in stamps] == [None, 0.03, 0, 0.06, 0, 0, 0.09]
    assert time.faults == StampFaults(unstamped=3)


@pytest.mark.parametrize('stopped', [0, TODAY_NS])
def test_a_stopped_clock_does_not_stop_time_for_ever(stopped):
    _, *intervals = steps(TODAY_NS, *[stopped] * 120)
    assert sum(intervals) > 2
    # When it goes again, what was guessed meanwhile is not counted twice.
    _, *intervals = steps(TODAY_NS, *[stopped] * 120, TODAY_NS + 4000 * MS, TODAY_NS + 4033 * MS)
    assert sum(intervals) == pytest.approx(4.033)
    assert intervals[-1] == 0.033


def test_stamps_that_begin_within_a_stream_restart_it():
    assert steps(0, TODAY_NS, TODAY_NS + 40 * MS) == [None, None, 0.04]


@pytest.mark.parametrize(('gap_ms', 'goes_on'), [(999, True), (1001, False), (60_000, False)])
@pytest.mark.parametrize('rate_hz', [4, 30, 120])
def test_a_pause_of_more_than_a_second_starts_anew(rate_hz, gap_ms, goes_on):
    time = FrameClock()
    for index in range(6):
        time.step(TODAY_NS + index * 10**9 // rate_hz)
    assert (time.step(time.now_ns + gap_ms * MS) is not None) == goes_on


@pytest.mark.parametrize('period_s', [0.9, 1.0, 1.05, 2.0, 5.0])
@given(jitter=st.lists(st.floats(-0.2, 0.2), min_size=1, max_size=20))
def test_a_slow_camera_is_a_stream_also_if_an_image_of_it_is_lost(period_s, jitter):
    time = FrameClock()
    time.step(TODAY_NS)
    for part in jitter:
        assert time.step(time.now_ns + round((1 + part) * period_s * 1e9)) is not None
    assert time.step(time.now_ns + round(2 * period_s * 1e9)) is not None
    assert time.faults == StampFaults()


@pytest.mark.parametrize(('period_s', 'pause_s'), [(1.0, 5.0), (2.0, 12.0), (5.0, 21.0)])
def test_a_pause_of_a_slow_camera_is_longer_than_what_is_usual_for_it(period_s, pause_s):
    time = FrameClock()
    for index in range(6):
        time.step(TODAY_NS + round(index * period_s * 1e9))
    assert time.step(time.now_ns + round(pause_s * 1e9)) is None


def test_images_too_far_apart_are_no_stream_and_are_counted():
    time = FrameClock()
    assert [time.step(TODAY_NS + index * 60_000 * MS) for index in range(4)] == [None] * 4
    assert time.faults == StampFaults(far_apart=3)


def test_after_a_reset_the_next_image_is_the_first():
    time = FrameClock()
    time.step(TODAY_NS)
    time.reset()
    assert time.step(TODAY_NS + MS) is None
    assert time.step(TODAY_NS + 3 * MS) == pytest.approx(0.002)
