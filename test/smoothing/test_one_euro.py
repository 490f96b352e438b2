"""One-Euro against its formulas, written out for one number."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytestmark = pytest.mark.filterwarnings('error')


def one_euro_of(
    values, scales, intervals_s, min_cutoff_hz=0.05, beta=80.0, derivate_cutoff_hz=1.0
):
    """Return a number filtered as in MediaPipe's `one_euro_filter.cc`."""

    def alpha(cutoff_hz, interval_s):
        tau = 1 / (2 * math.pi * cutoff_hz)
        return 1 / (1 + tau / interval_s)

    smoothed, speed, last = values[0], 0.0, values[0]
    yield smoothed
    for value, scale, interval_s in zip(values[1:], scales[1:], intervals_s, strict=True):
        weight = alpha(derivate_cutoff_hz, interval_s)
        speed = weight * (value - last) * scale / interval_s + (1 - weight) * speed
        weight = alpha(min_cutoff_hz + beta * abs(speed), interval_s)
        smoothed, last = weight * value + (1 - weight) * smoothed, value
        yield smoothed


@pytest.mark.parametrize('jittery', [False, True], ids=['30 Hz', 'jittery stamps'])
def test_every_coordinate_of_every_face_follows_mediapipes_formulas(head, filtered, jittery):
    random = np.random.default_rng(2)
    intervals_ns = random.integers(8_000_000, 200_000_000, 39) if jittery else [33_333_333] * 39
    stamps_ns = [0, *np.cumsum(intervals_ns).tolist()]
    steps = np.cumsum(random.normal(0, 1, (40, 2, 1, 3)), axis=0).astype(np.float32)
    frames = np.stack([head.landmarks(), head.landmarks((100, 90), 0.3)]) + steps
    found = filtered(frames, 'one_euro', stamps_ns=stamps_ns)
    for face in range(2):
        boxes = np.ptp(frames[:, face, :, :2], axis=1)
        for landmark, axis in ((0, 0), (13, 1), (470, 2)):
            values = frames[:, face, landmark, axis].tolist()
            expected = one_euro_of(values, 2 / boxes.sum(axis=1), np.diff(stamps_ns) / 1e9)
            assert found[:, face, landmark, axis] == pytest.approx(list(expected), abs=1e-3)


def test_its_settings_count(head, filtered):
    frames = head.landmarks() + head.noise(4, 60)
    spread = {
        cutoff_hz: filtered(frames, 'one_euro', min_cutoff_hz=cutoff_hz, beta=0.0)[30:].std(axis=0)
        for cutoff_hz in (0.1, 1.0, 10.0)
    }
    assert spread[0.1].mean() < 0.5 * spread[1.0].mean() < 0.5 * spread[10.0].mean()
    least = filtered(frames, 'one_euro', min_cutoff_hz=60.0, beta=10000.0, derivative_cutoff_hz=60)
    assert np.abs(least[:, 0] - frames).mean() < 0.1 * np.abs(frames - frames.mean(axis=0)).mean()
