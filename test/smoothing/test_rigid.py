"""The default filter: smooth at rest, no lag in motion, quick expressions kept."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.filterwarnings('error')
UPPER_LID, LOWER_LID = 159, 145
RATES_HZ = (5, 12, 15, 30, 60, 120)


def rms(errors) -> float:
    return float(np.sqrt(np.mean(np.square(errors[..., :2]))))


@pytest.mark.parametrize('rate_hz', RATES_HZ)
def test_a_face_at_rest_keeps_a_small_part_of_its_noise(head, filtered, rate_hz):
    frames = head.landmarks() + head.noise(1, 6 * rate_hz)
    found = filtered(frames, rate_hz=rate_hz)[:, 0]
    rest = slice(3 * rate_hz, None)
    limit = 0.3 if rate_hz >= 30 else 0.6
    assert rms(found[rest] - head.landmarks()) < limit * rms(frames[rest] - head.landmarks())


@pytest.mark.parametrize('seed', [11, 12, 13])
def test_a_face_whose_size_is_noisy_comes_to_rest_too(head, filtered, seed):
    frames = head.landmarks() + head.noise(seed, 540, size_noise=6.0)
    found = filtered(frames)[180:, 0]
    noise = rms(frames[180:] - head.landmarks())
    assert rms(found - found.mean(axis=0)) < 0.5 * noise


@pytest.mark.parametrize('rate_hz', RATES_HZ)
@pytest.mark.parametrize('speed_px_s', [10.0, 150.0])
def test_constant_motion_has_no_lag(head, filtered, rate_hz, speed_px_s):
    times = np.arange(4 * rate_hz) / rate_hz
    frames = np.stack([head.landmarks((speed_px_s * time, 240)) for time in times])
    # A little noise, so that there is something to filter.
    found = filtered(frames + head.noise(2, len(frames)), rate_hz=rate_hz)[:, 0]
    late_px = (frames - found)[len(frames) // 2 :, :, 0].mean()
    assert abs(late_px) < 0.1 * speed_px_s / rate_hz + 0.03


@pytest.mark.parametrize('moves', ['turn', 'tilt', 'come closer'])
def test_motion_is_followed_with_less_error_than_measured(head, filtered, moves):
    phases = np.sin(np.arange(120) / 8)
    frames = np.stack(
        [
            head.landmarks(
                yaw_rad=0.4 * phase if moves == 'turn' else 0.0,
                roll_rad=0.4 * phase if moves == 'tilt' else 0.0,
                scale=1.2**phase if moves == 'come closer' else 1.0,
            )
            for phase in phases
        ]
    )
    measured = frames + head.noise(3, 120)
    found = filtered(measured)[:, 0]
    assert rms((found - frames)[30:]) < rms((measured - frames)[30:])


@pytest.mark.parametrize('rate_hz', [30, 60, 120])
@pytest.mark.parametrize('centre_speed_px_s', [0.0, 60.0], ids=['at rest', 'while moving'])
def test_a_blink_of_100_ms_keeps_its_amplitude(head, filtered, rate_hz, centre_speed_px_s):
    times = np.arange(4 * rate_hz) / rate_hz
    closed = np.where(np.abs(times - 3) < 0.05, np.cos(np.pi * (times - 3) / 0.1) ** 2, 0)
    frames = np.stack(
        [
            head.landmarks((320 + centre_speed_px_s * time, 240), closed=part)
            for time, part in zip(times, closed, strict=True)
        ]
    ) + head.noise(4, len(times))
    found = filtered(frames, rate_hz=rate_hz)[:, 0]
    raw, smooth = (each[:, LOWER_LID, 1] - each[:, UPPER_LID, 1] for each in (frames, found))
    before, during = slice(2 * rate_hz, int(2.9 * rate_hz)), slice(int(2.9 * rate_hz), None)
    assert np.ptp(raw[during]) > 5  # px: there is a blink
    assert np.median(smooth[before]) - smooth[during].min() > 0.9 * (
        np.median(raw[before]) - raw[during].min()
    )


def test_a_blink_does_not_move_the_rest_of_the_face(head, filtered):
    frames = np.stack([head.landmarks(closed=float(60 <= index < 63)) for index in range(90)])
    found = filtered(frames + head.noise(5, 90))[:, 0]
    chin_and_nose = [1, 4, 152]
    moved = found[60:66, chin_and_nose] - found[50:60, chin_and_nose].mean(axis=0)
    assert np.abs(moved[..., :2]).max() < 0.1


def test_it_estimates_the_noise_of_a_face(head, filtered):
    for deviation_px in (0.05, 0.4):
        noise = head.noise(6, 300, deviation_px)
        found = filtered(head.landmarks() + noise)[:, 0]
        assert rms((found - head.landmarks())[150:]) < 0.35 * rms(noise[150:])


def test_a_higher_margin_is_smoother(head, filtered):
    frames = head.landmarks() + head.noise(7, 150)
    quick, smooth = (
        filtered(frames, noise_margin=margin, rest_time_s=time_s)[60:, 0].std(axis=0).mean()
        for margin, time_s in ((0.2, 0.1), (3.0, 5.0))
    )
    assert smooth < 0.3 * quick


def test_468_landmarks_are_filtered_too(head, filtered):
    frames = (head.landmarks() + head.noise(8, 90))[:, :468]
    found = filtered(frames)[:, 0]
    assert rms(found[60:] - head.landmarks()[:468]) < 0.3 * rms(
        frames[60:] - head.landmarks()[:468]
    )


@pytest.mark.parametrize('rate_hz', [15, 30, 60])
def test_a_head_that_stops_keeps_no_offset(head, filtered, rate_hz):
    times = np.arange(4 * rate_hz) / rate_hz
    moved = np.clip((times - 2) / 0.5, 0, 1)
    frames = np.stack([head.landmarks((250 + 80 * part, 240)) for part in moved])
    # Where the head is now, the model errs in another way.
    error = np.random.default_rng(9).normal(0, 0.1, (478, 3))
    frames += moved[:, None, None] * error
    found = filtered(frames + head.noise(9, len(frames)), rate_hz=rate_hz)[:, 0]
    assert rms((found - frames)[times >= 3.2].mean(axis=0)) < 0.3 * rms(error)


@pytest.mark.parametrize('shifts', [True, False], ids=['shift', 'zoom'])
def test_a_motion_lets_no_noise_of_other_components_through(head, filtered, shifts):
    times = np.arange(120) / 30
    frames = np.stack(
        [
            head.landmarks((320 + 40 * wave, 240)) if shifts else head.landmarks(scale=1.1**wave)
            for wave in np.sin(3 * times)
        ]
    )
    noise = head.noise(10, len(frames))
    errors = (filtered(frames + noise)[:, 0] - frames)[45:]
    left, right, top, bottom = 234, 454, 10, 152

    def rolls(of):
        return (of[:, right, 1] - of[:, left, 1]).std() + (of[:, top, 0] - of[:, bottom, 0]).std()

    assert rolls(errors) < 0.5 * rolls(noise[45:])
