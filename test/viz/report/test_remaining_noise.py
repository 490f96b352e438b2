"""Jitter that is left, against noise that was put in."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.viz.report.remaining_noise import RemainingNoise

SIGMA_PX = 0.4
INTERVALS = st.lists(st.floats(0.01, 0.1), min_size=3, max_size=8)


def noises(times, landmarks):
    noise = RemainingNoise()
    found = [
        noise.update('f00001', time, points) for time, points in zip(times, landmarks, strict=True)
    ]
    return np.array(found)


@given(intervals=INTERVALS, speed=st.floats(-500, 500))
def test_even_motion_is_no_jitter(intervals, speed):
    times = np.cumsum(intervals)
    still = np.random.default_rng(0).normal(300, 50, (478, 3))
    left = noises(times, [still + speed * time for time in times])
    assert np.all(left[2:] < 1e-6 * (1 + abs(speed)))


@given(intervals=INTERVALS)
def test_white_noise_counts_as_itself_whatever_the_intervals(intervals):
    rng, times = np.random.default_rng(1), np.cumsum(intervals)
    still = rng.normal(300, 50, (20_000, 3))
    left = noises(times, [still + rng.normal(0, SIGMA_PX, still.shape) for _ in times])
    # Of x and y together, as the message's jitter.
    assert left[2:] == pytest.approx(SIGMA_PX * math.sqrt(2), rel=0.05)


def test_nothing_is_known_over_a_gap():
    points = np.zeros((478, 3))
    left = noises([0, 0.1, 0.5, 0.6, 0.7], [points] * 5)
    assert np.isnan(left).tolist() == [True, True, True, True, False]


def test_other_tracks_are_forgotten():
    noise, points = RemainingNoise(), np.zeros((478, 3))
    for time in (0.0, 0.1):
        noise.update('f00001', time, points)
        noise.update('f00002', time, points)
    noise.keep({'f00002'})
    assert math.isnan(noise.update('f00001', 0.2, points))
    assert noise.update('f00002', 0.2, points) == 0.0
