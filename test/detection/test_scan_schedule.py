"""The scan schedule: when each window is due, and that no image costs much more."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.catalog.models import detector_spec
from facemesh_ros.detection.scan_plan import DetectionWindow
from facemesh_ros.detection.scan_schedule import IDLE_SLOWDOWN, ScanSchedule
from facemesh_ros.settings.pipeline import PipelineSettings

SPEC = detector_spec('full_range')
MAX_PER_IMAGE = SPEC.max_runs_per_image
HD = 1280, 720

lengths = st.integers(1, 1600)
sizes_wh = st.tuples(lengths, lengths)
intervals = st.integers(1, 12)
rotations = st.sampled_from(['upright', 'all'])


def schedule() -> ScanSchedule:
    return ScanSchedule(['short_range', 'full_range'], ('full_range', SPEC))


@cache
def name(window: DetectionWindow):
    """Detectors and region of a window; equal for equal ones."""
    region = window.region
    return window.detectors, region and tuple(
        float(number)
        for number in (*region.centres[0], *region.sizes_wh[0], *region.rotations_rad)
    )


def windows_of(
    plan: ScanSchedule, wh, settings: PipelineSettings, images: int, *, unchanged: bool = False
) -> list[list]:
    return [
        [name(window) for window in plan.due(wh, settings, unchanged=unchanged)]
        for _ in range(images)
    ]


def idle_schedule(wh, settings: PipelineSettings) -> ScanSchedule:
    """A schedule that has scanned everything since the last change."""
    plan = schedule()
    everything, seen = all_windows(wh, settings), set()
    plan.due(wh, settings)
    while not everything <= seen:
        seen.update(*windows_of(plan, wh, settings, 1, unchanged=True))
    windows_of(plan, wh, settings, 2 * settings.detector_interval, unchanged=True)
    return plan


WHOLE = (('short_range', 'full_range'), None)


def all_windows(wh, settings: PipelineSettings) -> set:
    plan = schedule().plan(wh, settings)
    return {name(window) for window in (plan.whole_image, *plan.others)}


def images_of_a_scan(wh, settings: PipelineSettings) -> int:
    # At most every third window is another whole image pass, and there are at least two.
    others = len(schedule().plan(wh, settings).others)
    return max(2 * settings.detector_interval, -(-(3 * others + 8) // (2 * MAX_PER_IMAGE)))


@given(sizes_wh, intervals, rotations)
def test_a_scan_takes_two_intervals_or_what_its_windows_need(wh, interval, turns):
    settings = PipelineSettings(detector_interval=interval, detector_rotations=turns)
    expected, images = all_windows(wh, settings), images_of_a_scan(wh, settings)
    stream = windows_of(schedule(), wh, settings, 2 * images + 1)
    # Wherever one starts to count; an image more, as windows come in whole numbers.
    for start in (0, 1, images // 2, images):
        assert set().union(*stream[start : start + images + 1]) == expected


@pytest.mark.parametrize('wh', [(640, 480), (1280, 720), (720, 1280)])
def test_a_usual_image_is_scanned_within_ten_images(wh):
    settings = PipelineSettings()
    stream = windows_of(schedule(), wh, settings, 30)
    for start in range(20):
        assert set().union(*stream[start : start + 10]) == all_windows(wh, settings)


@given(sizes_wh, intervals, rotations)
def test_the_whole_image_is_due_every_interval(wh, interval, turns):
    settings = PipelineSettings(detector_interval=interval, detector_rotations=turns)
    stream = windows_of(schedule(), wh, settings, 80)
    positions = [index for index, image in enumerate(stream) if WHOLE in image]
    assert positions[0] == 0
    assert max(after - before for before, after in pairwise(positions)) <= interval
    assert len(stream) - positions[-1] <= interval


@pytest.mark.parametrize('interval', [13, 100, 250, 1000])
@pytest.mark.parametrize('wh', [(640, 480), (1920, 1080)])
def test_also_with_long_intervals_the_whole_image_comes_at_once_and_in_time(wh, interval):
    settings = PipelineSettings(detector_interval=interval)
    stream = windows_of(schedule(), wh, settings, 2 * interval + 1)
    positions = [index for index, image in enumerate(stream) if WHOLE in image]
    assert positions[0] == 0
    assert max(after - before for before, after in pairwise(positions)) <= interval


@given(sizes_wh, intervals, rotations)
def test_no_image_has_more_than_one_window_more_than_another(wh, interval, turns):
    settings = PipelineSettings(detector_interval=interval, detector_rotations=turns)
    counts = [len(image) for image in windows_of(schedule(), wh, settings, 60)]
    assert max(counts) - min(counts) <= 1
    assert max(counts) <= MAX_PER_IMAGE


def test_another_image_size_starts_anew():
    plan, settings = schedule(), PipelineSettings()
    begun = windows_of(schedule(), (640, 480), settings, 12)
    windows_of(plan, HD, settings, 3)
    assert windows_of(plan, (640, 480), settings, 12) == begun


def test_a_reset_starts_anew():
    plan, settings = schedule(), PipelineSettings()
    begun = windows_of(plan, HD, settings, 7)
    plan.reset()
    assert windows_of(plan, HD, settings, 7) == begun


@pytest.mark.parametrize(
    'change', [{'detector_interval': 2}, {'detector_interval': 20}, {'detector_rotations': 'all'}]
)
def test_a_live_change_counts_from_the_next_image(change):
    plan, settings = schedule(), PipelineSettings(**change)
    windows_of(plan, HD, PipelineSettings(), 4)
    assert windows_of(plan, HD, settings, 25) == windows_of(schedule(), HD, settings, 25)


def test_a_longer_interval_has_fewer_windows():
    counts = [
        sum(map(len, windows_of(schedule(), HD, PipelineSettings(detector_interval=n), 200)))
        for n in (5, 10, 100)
    ]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] >= 1.9 * counts[1] >= 3 * counts[2]


@given(sizes_wh, intervals)
def test_without_tiles_only_the_whole_image_is_due_every_interval(wh, interval):
    plan = ScanSchedule(['short_range'], None)
    stream = windows_of(plan, wh, PipelineSettings(detector_interval=interval), 40)
    due = [index for index, image in enumerate(stream) if image]
    assert due == list(range(0, 40, interval))
    assert all(image == [(('short_range',), None)] for image in stream if image)


@given(sizes_wh, intervals, rotations)
def test_after_a_change_everything_is_scanned_at_the_full_rate(wh, interval, turns):
    settings = PipelineSettings(detector_interval=interval, detector_rotations=turns)
    plan, images = idle_schedule(wh, settings), images_of_a_scan(wh, settings)
    now = windows_of(plan, wh, settings, 1) + windows_of(
        plan, wh, settings, images, unchanged=True
    )
    assert set().union(*now) == all_windows(wh, settings)


@given(sizes_wh, intervals, rotations)
def test_while_idle_the_whole_image_is_still_due_every_interval(wh, interval, turns):
    settings = PipelineSettings(detector_interval=interval, detector_rotations=turns)
    stream = windows_of(idle_schedule(wh, settings), wh, settings, 80, unchanged=True)
    positions = [index for index, image in enumerate(stream) if WHOLE in image]
    assert positions[0] < interval
    assert max(after - before for before, after in pairwise(positions)) <= interval
    assert len(stream) - positions[-1] <= interval


@given(sizes_wh, rotations)
def test_while_idle_everything_is_still_scanned(wh, turns):
    settings = PipelineSettings(detector_rotations=turns)
    images = 2 * IDLE_SLOWDOWN * len(schedule().plan(wh, settings).others) + 10
    stream = windows_of(idle_schedule(wh, settings), wh, settings, images, unchanged=True)
    assert set().union(*stream) == all_windows(wh, settings)


@pytest.mark.parametrize(('wh', 'part'), [((640, 480), 0.5), (HD, 0.35), ((3840, 2160), 0.35)])
def test_idling_saves_most_of_the_windows(wh, part):
    settings = PipelineSettings()
    active = windows_of(schedule(), wh, settings, 100)
    idle = windows_of(idle_schedule(wh, settings), wh, settings, 100, unchanged=True)
    assert sum(map(len, idle)) <= part * sum(map(len, active))


def test_a_change_before_the_end_of_a_scan_starts_another():
    plan, settings = schedule(), PipelineSettings()
    for _ in range(4):
        windows_of(plan, HD, settings, 1)
        assert {len(image) for image in windows_of(plan, HD, settings, 8, unchanged=True)} == {
            MAX_PER_IMAGE
        }
