"""The scan schedule: when each window is due, and that no image costs much more than another."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.catalog.models import detector_spec
from facemesh_ros.detection.scan_plan import DetectionWindow, plan_scan, plan_stream
from facemesh_ros.detection.scan_schedule import (
    INTERVALS_PER_IDLE_SCAN,
    MAX_IDLE_RATE,
    PASSES_PER_FULL_PASS,
    QUICK_PER_CAREFUL,
    ScanSchedule,
)
from facemesh_ros.settings.pipeline import PipelineSettings

SPEC = detector_spec('full_range')
MAX_PER_IMAGE = SPEC.max_runs_per_image
BOTH, TILE_DETECTOR = ['short_range', 'full_range'], ('full_range', SPEC)
HD = 1280, 720

lengths = st.integers(1, 1600)
sizes_wh = st.tuples(lengths, lengths)
intervals = st.integers(1, 12)
rotations = st.sampled_from(['upright', 'all'])


def schedule() -> ScanSchedule:
    return ScanSchedule(BOTH, TILE_DETECTOR)


@cache
def name(window: DetectionWindow):
    """Detectors and region of a window; equal for equal ones."""
    region = window.region
    return window.detectors, region and tuple(
        float(number)
        for number in (*region.centres[0], *region.sizes_wh[0], *region.rotations_rad)
    )


def windows_of(
    plan: ScanSchedule, wh, settings: PipelineSettings, images: int, *, unchanged: bool = True
) -> list[list]:
    return [
        [name(window) for window in plan.due(wh, settings, unchanged=unchanged)]
        for _ in range(images)
    ]


def is_whole(window) -> bool:
    return window[1] is None


def all_windows(wh, settings: PipelineSettings) -> set:
    """What a scan must search, the passes over the whole image apart: all that a picture is."""
    plan = plan_scan(wh, BOTH, TILE_DETECTOR, settings.detector_rotations)
    return {name(window) for window in plan.others}


def idle_windows(wh, settings: PipelineSettings) -> set:
    plan = plan_stream(wh, BOTH, TILE_DETECTOR, settings.detector_rotations)
    return {name(window) for window in (*plan.quick, *plan.careful)}


def images_of_a_scan(wh, settings: PipelineSettings) -> int:
    room = max(0.5, MAX_PER_IMAGE - 1 / settings.detector_interval)
    return max(2 * settings.detector_interval, -int(-len(all_windows(wh, settings)) // room))


def idle_schedule(wh, settings: PipelineSettings) -> ScanSchedule:
    """A schedule whose scan is over."""
    plan = schedule()
    windows_of(plan, wh, settings, images_of_a_scan(wh, settings) + 1)
    return plan


def tiles(stream: list[list]) -> set:
    return {window for image in stream for window in image if not is_whole(window)}


@given(sizes_wh, intervals, rotations)
def test_a_scan_takes_two_intervals_or_what_its_windows_need(wh, interval, turns):
    settings = PipelineSettings(detector_interval=interval, detector_rotations=turns)
    stream = windows_of(schedule(), wh, settings, images_of_a_scan(wh, settings))
    assert tiles(stream) >= all_windows(wh, settings)


@pytest.mark.parametrize('wh', [(640, 480), HD, (720, 1280), (1920, 1080)])
def test_a_usual_image_is_scanned_in_ten_images_from_any_change_on(wh):
    settings = PipelineSettings()
    for images in range(8):
        plan = idle_schedule(wh, settings)
        windows_of(plan, wh, settings, images)
        changed = windows_of(plan, wh, settings, 1, unchanged=False)
        most = max(10, images_of_a_scan(wh, settings))
        scan = changed + windows_of(plan, wh, settings, most - 1)
        assert tiles(scan) >= all_windows(wh, settings)


def test_faces_found_in_a_scan_start_no_other():
    plan, settings = schedule(), PipelineSettings()
    begun = windows_of(schedule(), HD, settings, 40)
    stream = windows_of(plan, HD, settings, 2) + windows_of(plan, HD, settings, 5, unchanged=False)
    assert stream + windows_of(plan, HD, settings, 33) == begun


def test_while_a_face_is_lost_scans_follow_one_another():
    settings = PipelineSettings()
    stream = windows_of(schedule(), HD, settings, 60, unchanged=False)
    for start in range(40):
        assert tiles(stream[start : start + 20]) == all_windows(HD, settings)


@given(sizes_wh, st.one_of(intervals, st.sampled_from([13, 100, 250, 1000])), rotations)
def test_the_whole_image_comes_at_once_and_exactly_every_interval(wh, interval, turns):
    settings = PipelineSettings(detector_interval=interval, detector_rotations=turns)
    images = 2 * interval + 20
    stream = windows_of(schedule(), wh, settings, images)
    whole = [index for index, image in enumerate(stream) if any(map(is_whole, image))]
    assert whole == list(range(0, images, interval))
    assert all(sum(map(is_whole, image)) <= 1 for image in stream)


@given(sizes_wh, intervals, rotations)
def test_no_image_of_a_scan_has_more_than_one_window_more_than_another(wh, interval, turns):
    settings = PipelineSettings(detector_interval=interval, detector_rotations=turns)
    images = images_of_a_scan(wh, settings)
    for stream in (
        windows_of(schedule(), wh, settings, images)[:-1],
        windows_of(idle_schedule(wh, settings), wh, settings, 60),
    ):
        counts = [len(image) for image in stream]
        assert max(counts) - min(counts) <= 1
        assert max(counts) <= MAX_PER_IMAGE


@given(sizes_wh, intervals, rotations)
def test_after_a_scan_everything_is_still_searched(wh, interval, turns):
    settings = PipelineSettings(detector_interval=interval, detector_rotations=turns)
    plan = plan_stream(wh, BOTH, TILE_DETECTOR, turns)
    count = max(1, len(plan.careful)) * (QUICK_PER_CAREFUL + 1) + len(plan.quick)
    total = len(plan.quick) + len(plan.careful)
    rate = min(MAX_IDLE_RATE, total / (INTERVALS_PER_IDLE_SCAN * interval))
    images = 10 + int(count / rate) if total else 10
    stream = windows_of(idle_schedule(wh, settings), wh, settings, images)
    assert tiles(stream) == idle_windows(wh, settings)


def runs(image: list) -> int:
    return sum(len(detectors) for detectors, _ in image)


@given(sizes_wh, intervals, rotations, st.floats(0, 1), st.randoms(use_true_random=False))
def test_after_a_scan_the_mean_of_runs_is_bounded_however_many_candidates_there_are(
    wh, interval, turns, share, random
):
    settings = PipelineSettings(detector_interval=interval, detector_rotations=turns)
    plan, images, total = idle_schedule(wh, settings), 200, 0
    for _ in range(images):
        total += runs(windows_of(plan, wh, settings, 1)[0])
        if random.random() <= share and plan.least_candidate_score(0.5) <= 1:
            plan.count_candidate()
            total += 1
    passes = images / interval + 1
    most = MAX_IDLE_RATE * images + passes * (1 + 1 / PASSES_PER_FULL_PASS) + 4
    assert total <= most


def test_a_stream_of_one_followed_face_needs_one_run_per_image_and_once_those_of_its_scan():
    plan, settings, images, total = schedule(), PipelineSettings(), 90, 0
    for index in range(images):
        # The face is found in the first image, and known in the second.
        total += sum(
            len(window.detectors) for window in plan.due(HD, settings, unchanged=index > 1)
        )
        # Something looks a little like a face in every image.
        if plan.least_candidate_score(0.5) <= 0.3:
            plan.count_candidate()
            total += 1
    scan = len(all_windows(HD, settings))
    assert total <= images + scan


@pytest.mark.parametrize('wh', [(640, 480), HD, (1920, 1080), (3840, 2160)])
def test_after_a_scan_no_image_of_any_size_needs_more_than_one_run_in_the_mean(wh):
    stream = windows_of(idle_schedule(wh, PipelineSettings()), wh, PipelineSettings(), 400)
    assert sum(map(runs, stream)) <= len(stream)


def test_in_a_scan_candidates_that_are_hardly_faces_wait_for_every_second_image():
    plan, settings = schedule(), PipelineSettings()
    rooms = []
    for _ in range(8):
        plan.due(HD, settings)
        rooms.append(plan.least_candidate_score(0.5))
    assert set(rooms) == {0.0, 0.5}
    assert rooms.count(0.5) == 4


def test_candidates_take_the_place_of_tiles():
    plan, settings = idle_schedule(HD, PipelineSettings()), PipelineSettings()
    while plan.least_candidate_score(0.5) <= 1:
        plan.count_candidate()
    stream = windows_of(plan, HD, settings, 10)
    assert len(tiles(stream[:2])) == 0
    assert sum(map(len, stream)) <= 9


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
        sum(map(len, windows_of(schedule(), HD, PipelineSettings(detector_interval=n), 400)))
        for n in (5, 20, 100)
    ]
    assert counts[0] >= 2 * counts[1] >= 4 * counts[2]


@given(sizes_wh, intervals)
def test_without_tiles_only_the_whole_image_is_due_every_interval(wh, interval):
    plan = ScanSchedule(['short_range'], None)
    stream = windows_of(plan, wh, PipelineSettings(detector_interval=interval), 40)
    due = [index for index, image in enumerate(stream) if image]
    assert due == list(range(0, 40, interval))
    assert all(image == [(('short_range',), None)] for image in stream if image)


@given(sizes_wh, intervals)
def test_a_single_detector_searches_all_rotations_too(wh, interval):
    plan = ScanSchedule(['short_range'], None)
    settings = PipelineSettings(detector_interval=interval, detector_rotations='all')
    stream = windows_of(plan, wh, settings, 2 * interval + 6)
    assert len(tiles(stream)) == 3


@pytest.mark.parametrize('wh', [HD, (1920, 1080)])
def test_images_of_a_stream_that_pairwise_follow_repeat_no_tile(wh):
    stream = windows_of(idle_schedule(wh, PipelineSettings()), wh, PipelineSettings(), 200)
    order = [window for image in stream for window in image if not is_whole(window)]
    assert all(one != next_one for one, next_one in pairwise(order))
