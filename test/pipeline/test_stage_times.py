"""Durations of stages, as kept for diagnostics."""

from __future__ import annotations

import pytest

from facemesh_ros.pipeline.stage_times import WINDOW, StageTimes


def test_the_median_is_that_of_the_last_images():
    times = StageTimes()
    for duration_ms in [1000.0] * WINDOW + [1.0, 2.0, 9.0] * (WINDOW // 3):
        times.record('detect', duration_ms)
    assert times.medians_ms() == {'detect': 2.0}
    assert times.last_ms == {'detect': 9.0}


def test_each_stage_has_its_median_in_order_of_first_use():
    times = StageTimes()
    for name in ('detect', 'landmarks', 'detect'):
        with times.stage(name):
            pass
    assert list(times.medians_ms()) == ['detect', 'landmarks']
    assert all(duration_ms >= 0 for duration_ms in times.last_ms.values())


def test_a_stage_that_fails_is_timed_and_fails():
    times = StageTimes()
    with pytest.raises(RuntimeError, match='broken'), times.stage('detect'):
        raise RuntimeError('broken')
    assert 'detect' in times.last_ms


def test_without_images_there_are_no_medians():
    assert StageTimes().medians_ms() == {}
