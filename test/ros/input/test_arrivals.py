"""Gaps in the sequence numbers of arrivals, and their rate."""

from __future__ import annotations

import time
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facemesh_ros.ros.input.arrivals import DISORDER_S, Arrival, ArrivalRate, SequenceGaps

PERIOD_S = 0.03


class Transport:
    """A camera, and a middleware that keeps the last few images and counts those that are lost."""

    def __init__(self, depth):
        self.kept, self.sent, self.lost, self.replaced = deque(), 0, 0, 0
        self._depth, self._missing = depth, 0

    def send(self):
        self.sent += 1
        # A loss is noticed when the next image arrives.
        self.lost, self._missing = self.lost + self._missing, 0
        self.replaced += len(self.kept) == self._depth
        if len(self.kept) == self._depth:
            self.kept.popleft()
        self.kept.append((self.sent, self.sent * PERIOD_S))

    def lose(self):
        self.sent += 1
        self._missing += 1

    def take(self):
        number, received_s = self.kept.popleft()
        return Arrival(number, received_s, number, self.lost)


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.sampled_from(['send', 'lose', 'take']), max_size=60), st.integers(1, 3))
def test_lost_and_replaced_images_are_told_apart(steps, depth):
    transport, gaps = Transport(depth), SequenceGaps()
    transport.send()
    gaps.update(transport.take())
    lost = replaced = 0
    for step in [*steps, 'send', *['take'] * depth]:
        if step != 'take':
            getattr(transport, step)()
        elif transport.kept:
            gaps.update(transport.take())
            lost += gaps.lost
            replaced += gaps.replaced
            assert replaced <= transport.replaced
    assert (lost, replaced) == (transport.lost, transport.replaced)


@given(st.sets(st.integers(1, 90), min_size=1), st.integers(90, 99), st.floats(0.002, 0.05))
def test_what_a_busy_machine_delivers_at_once_is_counted(arriving, stalled, period_s):
    """After a stall those of its images that were not replaced arrive all at the same moment."""
    gaps = SequenceGaps()
    for number in range(1, 101):
        gaps.update(Arrival(number, number * period_s, number))
    end_s, skipped = (100 + stalled) * period_s, 0
    for index, number in enumerate(sorted(arriving)):
        gaps.update(Arrival(number, end_s + 1e-6 * index, 100 + number))
        skipped += gaps.skipped
    assert skipped == max(arriving) - len(arriving)


def missing_before(*arrivals):
    """Return what is missing before each arrival: (lost, replaced)."""
    gaps, missing = SequenceGaps(), []
    for index, (number, lost) in enumerate(arrivals):
        gaps.update(Arrival(None, index * PERIOD_S, number, lost))
        missing.append((gaps.lost, gaps.replaced))
    return missing


def test_nothing_is_missing_before_the_first_image():
    assert missing_before((1000, 7), (1001, 7)) == [(None, None), (0, 0)]


def test_after_a_reset_nothing_before_it_counts():
    gaps = SequenceGaps()
    gaps.update(Arrival(None, 0.0, 1, 0))
    gaps.reset()
    gaps.update(Arrival(None, 10.0, 300, 12))
    assert (gaps.skipped, gaps.lost) == (0, None)


def test_a_restarted_camera_loses_nothing():
    assert missing_before((1000, 0), (1001, 0), (1, 0), (2, 0), (3, 0))[1:] == [(0, 0)] * 4


@given(st.lists(st.sampled_from(['send', 'lose', 'take']), max_size=900), st.integers(1, 3))
def test_a_restarted_cameras_images_are_counted_once_it_is_known_to_be_one(steps, depth):
    """Nothing is for ten seconds, as it could be a second camera; then all of it."""
    gaps, transport = SequenceGaps(), Transport(depth)
    gaps.update(Arrival(None, -1.0, 1000, 0))
    transport.send()
    gaps.update(transport.take())  # the first of the new one
    end = ['send', *['take'] * depth] * round(DISORDER_S / PERIOD_S + 2)
    lost = replaced = 0
    for step in [*steps, *end]:
        if step != 'take':
            getattr(transport, step)()
        elif transport.kept:
            arrival = transport.take()
            gaps.update(arrival)
            lost += gaps.lost
            replaced += gaps.replaced
            assert not replaced or arrival.received_s >= DISORDER_S
    assert (lost, replaced) == (transport.lost, transport.replaced)


@given(st.lists(st.integers(0, 1), min_size=2, max_size=200), st.integers(0, 50))
def test_of_two_cameras_nothing_is_invented_also_when_one_of_them_ends(turns, ahead):
    """In any order of their images, all of which arrive."""
    numbers, gaps, turns = [1, 1 + ahead], SequenceGaps(), [*turns, *[1] * 400]
    for index, turn in enumerate(turns):
        gaps.update(Arrival(None, index * PERIOD_S, numbers[turn], 0))
        numbers[turn] += 1
        assert not gaps.replaced or not gaps.steps_back


def test_with_two_publishers_only_reported_losses_count():
    # Alternating: one that has just begun, and one that runs for long, whose 1003 is lost.
    mixed = missing_before((1001, 0), (1, 0), (1002, 0), (2, 0), (1004, 1), (3, 1), (1005, 1))
    assert [lost for lost, _ in mixed[1:]] == [0, 0, 0, 1, 0, 0]
    assert not any(replaced for _, replaced in mixed)


def test_two_publishers_step_back_often_and_a_restart_once():
    gaps = SequenceGaps()
    for index, number in enumerate([100, 101, 1, 2, 3, 4]):
        gaps.update(Arrival(None, index * PERIOD_S, number))
    assert gaps.steps_back == 1
    for index, number in enumerate([105, 5, 106, 6]):
        gaps.update(Arrival(None, index * PERIOD_S, number))
    assert gaps.steps_back == 3


@pytest.mark.parametrize('arrival', [Arrival(None, 1.0, 9, None), Arrival(None, 1.0, None, None)])
def test_without_numbers_nothing_is_counted(arrival):
    gaps = SequenceGaps()
    for _ in range(2):
        gaps.update(arrival)
    assert (gaps.lost, gaps.replaced) == (None, None)


def test_one_pause_does_not_make_a_slow_camera(monkeypatch):
    rate, now_s = ArrivalRate(), [1000.0]
    monkeypatch.setattr(time, 'monotonic', lambda: now_s[0])
    assert rate.since_last_s() is None
    assert rate.period_s() == 0
    for pause_s in (0.1, 0.1, 60.0, 0.1, 0.1):
        now_s[0] += pause_s
        rate.update()
    now_s[0] += 7
    assert rate.since_last_s() == pytest.approx(7)
    assert rate.period_s() == pytest.approx(0.1)
