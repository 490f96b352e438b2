"""A search that is spread over images: when each look comes, and that no image costs much more."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.catalog.models import detector_spec
from facemesh_ros.detection.scan_plan import DetectionWindow
from facemesh_ros.detection.scan_schedule import CALMER, ScanSchedule
from facemesh_ros.settings.pipeline import PipelineSettings

PROFILE = detector_spec('full_range')
MOST = PROFILE.max_runs_per_image
HD = 1280, 720

lengths = st.integers(1, 1600)
sizes_wh = st.tuples(lengths, lengths)
intervals = st.integers(1, 12)
rotations = st.sampled_from(['upright', 'all'])


def schedule() -> ScanSchedule:
    return ScanSchedule(['short_range', 'full_range'], ('full_range', PROFILE))


@cache
def name(look: DetectionWindow):
    """What one look does; equal for equal ones."""
    region = look.region
    return look.detectors, region and tuple(
        float(number)
        for number in (*region.centres[0], *region.sizes_wh[0], *region.rotations_rad)
    )


def looks_of(
    plan: ScanSchedule, wh, settings: PipelineSettings, images: int, *, calm: bool = False
) -> list[list]:
    return [[name(look) for look in plan.due(wh, settings, calm=calm)] for _ in range(images)]


def calm_schedule(wh, settings: PipelineSettings) -> ScanSchedule:
    """A schedule that has looked at everything since somebody came."""
    plan = schedule()
    everything, seen = all_looks(wh, settings), set()
    plan.due(wh, settings)
    while not everything <= seen:
        seen.update(*looks_of(plan, wh, settings, 1, calm=True))
    looks_of(plan, wh, settings, 2 * settings.detector_interval, calm=True)
    return plan


WHOLE = (('short_range', 'full_range'), None)


def all_looks(wh, settings: PipelineSettings) -> set:
    sweep = schedule().sweep(wh, settings)
    return {name(look) for look in (sweep.first, *sweep.rest)}


def images_of_a_sweep(wh, settings: PipelineSettings) -> int:
    # Every third look or less is at the whole image again, and two at least.
    others = len(schedule().sweep(wh, settings).rest)
    return max(2 * settings.detector_interval, -(-(3 * others + 8) // (2 * MOST)))


@given(sizes_wh, intervals, rotations)
def test_a_sweep_takes_two_intervals_or_what_its_looks_need(wh, interval, turns):
    settings = PipelineSettings(detector_interval=interval, detector_rotations=turns)
    expected, images = all_looks(wh, settings), images_of_a_sweep(wh, settings)
    stream = looks_of(schedule(), wh, settings, 2 * images + 1)
    # Wherever one starts to count; an image more, as looks come in whole numbers.
    for start in (0, 1, images // 2, images):
        assert set().union(*stream[start : start + images + 1]) == expected


@pytest.mark.parametrize('wh', [(640, 480), (1280, 720), (720, 1280)])
def test_everything_in_a_usual_image_is_looked_at_within_ten_images(wh):
    settings = PipelineSettings()
    stream = looks_of(schedule(), wh, settings, 30)
    for start in range(20):
        assert set().union(*stream[start : start + 10]) == all_looks(wh, settings)


@given(sizes_wh, intervals, rotations)
def test_the_whole_image_is_looked_at_every_interval(wh, interval, turns):
    settings = PipelineSettings(detector_interval=interval, detector_rotations=turns)
    stream = looks_of(schedule(), wh, settings, 80)
    places = [index for index, image in enumerate(stream) if WHOLE in image]
    assert places[0] == 0
    assert max(after - before for before, after in pairwise(places)) <= interval
    assert len(stream) - places[-1] <= interval


@pytest.mark.parametrize('interval', [13, 100, 250, 1000])
@pytest.mark.parametrize('wh', [(640, 480), (1920, 1080)])
def test_also_where_looks_are_rare_the_whole_image_comes_at_once_and_in_time(wh, interval):
    settings = PipelineSettings(detector_interval=interval)
    stream = looks_of(schedule(), wh, settings, 2 * interval + 1)
    places = [index for index, image in enumerate(stream) if WHOLE in image]
    assert places[0] == 0
    assert max(after - before for before, after in pairwise(places)) <= interval


@given(sizes_wh, intervals, rotations)
def test_no_image_costs_more_than_one_look_more_than_another(wh, interval, turns):
    settings = PipelineSettings(detector_interval=interval, detector_rotations=turns)
    counts = [len(image) for image in looks_of(schedule(), wh, settings, 60)]
    assert max(counts) - min(counts) <= 1
    assert max(counts) <= MOST


def test_another_image_size_starts_anew():
    plan, settings = schedule(), PipelineSettings()
    begun = looks_of(schedule(), (640, 480), settings, 12)
    looks_of(plan, HD, settings, 3)
    assert looks_of(plan, (640, 480), settings, 12) == begun


def test_a_reset_starts_anew():
    plan, settings = schedule(), PipelineSettings()
    begun = looks_of(plan, HD, settings, 7)
    plan.reset()
    assert looks_of(plan, HD, settings, 7) == begun


@pytest.mark.parametrize(
    'change', [{'detector_interval': 2}, {'detector_interval': 20}, {'detector_rotations': 'all'}]
)
def test_a_live_change_counts_from_the_next_image(change):
    plan, settings = schedule(), PipelineSettings(**change)
    looks_of(plan, HD, PipelineSettings(), 4)
    assert looks_of(plan, HD, settings, 25) == looks_of(schedule(), HD, settings, 25)


def test_a_longer_interval_looks_less():
    counts = [
        sum(map(len, looks_of(schedule(), HD, PipelineSettings(detector_interval=n), 200)))
        for n in (5, 10, 100)
    ]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] >= 1.9 * counts[1] >= 3 * counts[2]


@given(sizes_wh, intervals)
def test_who_is_chosen_alone_looks_at_the_whole_image_every_interval_and_no_more(wh, interval):
    plan = ScanSchedule(['short_range'], None)
    stream = looks_of(plan, wh, PipelineSettings(detector_interval=interval), 40)
    due = [index for index, image in enumerate(stream) if image]
    assert due == list(range(0, 40, interval))
    assert all(image == [(('short_range',), None)] for image in stream if image)


@given(sizes_wh, intervals, rotations)
def test_after_somebody_came_everything_is_looked_at_as_soon_as_ever(wh, interval, turns):
    settings = PipelineSettings(detector_interval=interval, detector_rotations=turns)
    plan, images = calm_schedule(wh, settings), images_of_a_sweep(wh, settings)
    now = looks_of(plan, wh, settings, 1) + looks_of(plan, wh, settings, images, calm=True)
    assert set().union(*now) == all_looks(wh, settings)


@given(sizes_wh, intervals, rotations)
def test_in_calm_the_whole_image_is_still_looked_at_every_interval(wh, interval, turns):
    settings = PipelineSettings(detector_interval=interval, detector_rotations=turns)
    stream = looks_of(calm_schedule(wh, settings), wh, settings, 80, calm=True)
    places = [index for index, image in enumerate(stream) if WHOLE in image]
    assert places[0] < interval
    assert max(after - before for before, after in pairwise(places)) <= interval
    assert len(stream) - places[-1] <= interval


@given(sizes_wh, rotations)
def test_in_calm_everything_is_still_looked_at_again_and_again(wh, turns):
    settings = PipelineSettings(detector_rotations=turns)
    images = 2 * CALMER * len(schedule().sweep(wh, settings).rest) + 10
    stream = looks_of(calm_schedule(wh, settings), wh, settings, images, calm=True)
    assert set().union(*stream) == all_looks(wh, settings)


@pytest.mark.parametrize(('wh', 'part'), [((640, 480), 0.5), (HD, 0.35), ((3840, 2160), 0.35)])
def test_calm_saves_most_of_the_looks(wh, part):
    settings = PipelineSettings()
    quick = looks_of(schedule(), wh, settings, 100)
    calm = looks_of(calm_schedule(wh, settings), wh, settings, 100, calm=True)
    assert sum(map(len, calm)) <= part * sum(map(len, quick))


def test_calm_that_ends_before_everything_was_looked_at_begins_to_count_again():
    plan, settings = schedule(), PipelineSettings()
    for _ in range(4):
        looks_of(plan, HD, settings, 1)
        assert {len(image) for image in looks_of(plan, HD, settings, 8, calm=True)} == {MOST}
