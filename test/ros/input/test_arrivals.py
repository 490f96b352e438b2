"""What is missing between two arrivals, and how often they come."""

from __future__ import annotations

import time
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facemesh_ros.ros.input.arrivals import Arrival, SequenceGaps, ArrivalRate

PERIOD_S = 0.03


class Way:
    """A camera, and a middleware that keeps the last few images and knows what never came."""

    def __init__(self, depth):
        self.kept, self.sent, self.lost, self.replaced = deque(), 0, 0, 0
        self._depth, self._missing = depth, 0

    def send(self):
        self.sent += 1
        # That one is missing is known when the next one comes.
        self.lost, self._missing = self.lost + self._missing, 0
        self.replaced += len(self.kept) == self._depth
        if len(self.kept) == self._depth:
            self.kept.popleft()
        self.kept.append((self.sent, self.sent * PERIOD_S))

    def lose(self):
        self.sent += 1
        self._missing += 1

    def take(self):
        number, at_s = self.kept.popleft()
        return Arrival(number, at_s, number, self.lost)


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.sampled_from(['send', 'lose', 'take']), max_size=60), st.integers(1, 3))
def test_what_is_lost_and_what_is_replaced_are_told_apart(steps, depth):
    way, continuity = Way(depth), SequenceGaps()
    way.send()
    continuity.note(way.take())
    lost = replaced = 0
    for step in [*steps, 'send', *['take'] * depth]:
        if step != 'take':
            getattr(way, step)()
        elif way.kept:
            continuity.note(way.take())
            lost += continuity.lost
            replaced += continuity.replaced
            assert replaced <= way.replaced
    assert (lost, replaced) == (way.lost, way.replaced)


def noted(*arrivals):
    """Return what is missing before each arrival: (lost, replaced)."""
    continuity, missing = SequenceGaps(), []
    for index, (number, lost) in enumerate(arrivals):
        continuity.note(Arrival(None, index * PERIOD_S, number, lost))
        missing.append((continuity.lost, continuity.replaced))
    return missing


def test_what_came_before_the_first_one_is_not_missing():
    assert noted((1000, 7), (1001, 7)) == [(None, None), (0, 0)]


def test_after_a_restart_nothing_before_it_counts():
    continuity = SequenceGaps()
    continuity.note(Arrival(None, 0.0, 1, 0))
    continuity.restart()
    continuity.note(Arrival(None, 10.0, 300, 12))
    assert (continuity.skipped, continuity.lost) == (0, None)


def test_a_camera_that_starts_anew_loses_nothing():
    assert noted((1000, 0), (1001, 0), (1, 0), (2, 0), (3, 0))[1:] == [(0, 0)] * 4


def test_two_publishers_lose_what_the_middleware_says_and_no_more():
    # In turn one that has just begun and one that runs for long, whose 1003 gets lost.
    mixed = noted((1001, 0), (1, 0), (1002, 0), (2, 0), (1004, 1), (3, 1), (1005, 1))
    assert [lost for lost, _ in mixed[1:]] == [0, 0, 0, 1, 0, 0]
    assert not any(replaced for _, replaced in mixed)


def test_two_publishers_step_back_often_and_a_restart_once():
    continuity = SequenceGaps()
    for index, number in enumerate([100, 101, 1, 2, 3, 4]):
        continuity.note(Arrival(None, index * PERIOD_S, number))
    assert continuity.steps_back == 1
    for index, number in enumerate([105, 5, 106, 6]):
        continuity.note(Arrival(None, index * PERIOD_S, number))
    assert continuity.steps_back == 3


@pytest.mark.parametrize('arrival', [Arrival(None, 1.0, 9, None), Arrival(None, 1.0, None, None)])
def test_what_nobody_tells_is_not_made_up(arrival):
    continuity = SequenceGaps()
    for _ in range(2):
        continuity.note(arrival)
    assert (continuity.lost, continuity.replaced) == (None, None)


def test_one_pause_does_not_make_a_slow_camera(monkeypatch):
    rhythm, now_s = ArrivalRate(), [1000.0]
    monkeypatch.setattr(time, 'monotonic', lambda: now_s[0])
    assert rhythm.silent_s() is None
    assert rhythm.usual_s() == 0
    for pause_s in (0.1, 0.1, 60.0, 0.1, 0.1):
        now_s[0] += pause_s
        rhythm.note()
    now_s[0] += 7
    assert rhythm.silent_s() == pytest.approx(7)
    assert rhythm.usual_s() == pytest.approx(0.1)
