"""Throttled logging: each kind of message at most once in its period."""

from __future__ import annotations

import math
import time

import pytest

from facemesh_ros.ros.diagnostics.finding import MAX_KINDS, LogThrottle


@pytest.fixture
def clock(monkeypatch):
    now_s = [0.0]
    monkeypatch.setattr(time, 'monotonic', lambda: now_s[0])
    return now_s


def test_each_kind_is_due_by_itself(clock):
    throttle = LogThrottle()
    assert [throttle.is_due(kind, 10) for kind in 'abab'] == [True, True, False, False]
    clock[0] = 9.9
    assert not throttle.is_due('a', 10)
    clock[0] = 10.0
    assert throttle.is_due('a', 10)
    assert throttle.is_due('b', 10)


def test_with_an_infinite_period_it_is_due_once(clock):
    throttle = LogThrottle()
    assert throttle.is_due('a', math.inf)
    clock[0] = 1e9
    assert not throttle.is_due('a', math.inf)


def test_ever_new_kinds_do_not_fill_the_log(clock):
    throttle = LogThrottle()
    logged = sum(throttle.is_due(kind, 10) for kind in range(1000))
    assert logged == MAX_KINDS + 1
    clock[0] = 10.0
    assert throttle.is_due(2000, 10)
