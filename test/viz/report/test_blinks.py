"""Blinks in openings that are known, and in clips in which they were counted by eye."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.viz.report.blinks import blinks_in

OPEN, SHUT = 0.3, 0.06


def openings(times: np.ndarray, blinks: list[tuple[float, float]]) -> np.ndarray:
    """Lids that close within 0.08 s, stay, and open within 0.12 s."""
    closed = np.zeros(len(times))
    for begin, stay_s in blinks:
        ends = begin, begin + 0.08, begin + 0.08 + stay_s, begin + 0.2 + stay_s
        closed = np.maximum(closed, np.interp(times, ends, (0, 1, 1, 0), left=0, right=0))
    return OPEN + (SHUT - OPEN) * closed


def found(times: np.ndarray, values: np.ndarray, eyes_px: float = 100.0) -> Any:
    return blinks_in(times, values, np.full(len(times), eyes_px))


@given(
    steps=st.lists(st.floats(1.0, 8.0), min_size=1, max_size=20),
    stay_s=st.floats(0.02, 0.2),
    rate_hz=st.sampled_from([25.0, 30.0, 60.0]),
    seed=st.integers(0, 9),
)
def test_every_blink_is_counted_once(steps, stay_s, rate_hz, seed):
    begins = np.cumsum(steps)
    times = np.arange(0, begins[-1] + 3, 1 / rate_hz)
    noise = np.random.default_rng(seed).normal(0, 0.01, len(times))
    blinks = found(times, openings(times, [(begin, stay_s) for begin in begins]) + noise)
    assert blinks.count == len(begins)
    assert np.all(np.abs(blinks.starts_s - begins) < 0.08 + 1 / rate_hz)
    assert blinks.closures == 0
    assert blinks.observed_s == pytest.approx(times[-1])
    assert blinks.per_minute == pytest.approx(60 * len(begins) / times[-1])


def test_people_whose_eyes_are_narrow_or_that_smile_blink_too():
    times = np.arange(0, 60, 1 / 30)
    values = openings(times, [(begin, 0.1) for begin in range(3, 57, 3)])
    narrowing = np.interp(times, (20, 24, 40, 44), (1.0, 0.6, 0.6, 1.0))
    assert found(times, 0.5 * narrowing * values).count == 18


def test_closed_eyes_are_no_blink():
    times = np.arange(0, 20, 1 / 30)
    blinks = found(times, openings(times, [(5, 1.5), (10, 0.1)]))
    assert (blinks.count, blinks.closures) == (1, 1)


def test_what_happens_where_eyes_are_not_seen_is_not_counted():
    times = np.arange(0, 20, 1 / 30)
    values = openings(times, [(5, 0.1), (10, 0.1)])
    values[(times > 5.1) & (times < 6)] = np.nan  # turned away in the middle of it
    blinks = found(times, values)
    assert blinks.count == 1
    assert blinks.observed_s == pytest.approx(19, abs=0.2)


def test_lids_of_small_faces_are_noise():
    times = np.arange(0, 20, 1 / 30)
    blinks = found(times, openings(times, [(5, 0.1)]), eyes_px=15)
    assert (blinks.count, blinks.observed_s) == (0, 0.0)
    assert np.isnan(blinks.per_minute)


def test_no_images():
    nothing = np.empty(0)
    assert blinks_in(nothing, nothing, nothing).count == 0


@pytest.fixture(scope='module')
def openings_in(data_folder, require, require_models):
    """Times and openings of the faces in the first images of a clip, by id."""
    require_models('v2')
    from facemesh_ros.assembly.face_sensor import load_sensor
    from facemesh_ros.consumer import NamedLandmarks, eye_opening, landmarks
    from facemesh_ros.io import pictures_from_file
    from facemesh_ros.settings.pipeline import SensorSettings
    from facemesh_ros.types import Frame, PixelOrder

    sensor = load_sensor(SensorSettings(publish_blendshapes=False))

    def measured(name: str, count: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        clip = data_folder / 'clips' / name
        require(clip, f'the clip {clip}')
        pipeline, rows = sensor.stream(), dict[str, list[tuple[float, float]]]()
        from face_recordings import info, placed_face

        names = NamedLandmarks(info())
        for picture in islice(pictures_from_file(clip), count):
            faces = pipeline.process(Frame(picture.bgr, PixelOrder.BGR, picture.stamp_ns))
            for index, identity in enumerate(faces.names):
                points = landmarks(placed_face(landmarks=faces.landmarks[index].ravel()))
                eyes = [eye_opening(points, names, side).ratio for side in ('left', 'right')]
                rows.setdefault(identity, []).append((picture.stamp_ns / 1e9, sum(eyes) / 2))
        return {identity: tuple(np.array(row).T) for identity, row in rows.items()}

    yield measured
    sensor.close()


def test_a_man_blinks_four_times_in_his_first_seven_seconds(openings_in):
    """By eye: images 12 to 17, 36 to 44, 141 to 145 and 195."""
    ((times, values),) = openings_in('liveportrait__d9.mp4', 210).values()
    blinks = found(times, values)
    assert (blinks.count, blinks.closures) == (4, 0)
    assert 30 * blinks.starts_s == pytest.approx([11, 37, 141, 194], abs=3)


def test_a_woman_blinks_five_times_at_twelve_images_a_second(openings_in):
    clip = openings_in('samplevideos__head-pose-face-detection-female-and-male.gif', 1000)
    counts = sorted(found(*row).count for row in clip.values() if len(row[0]) > 20)
    assert counts == [1, 5]
