"""The scan plan: all of the image is covered, large faces never long after small ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.catalog.models import detector_spec
from facemesh_ros.detection.scan_plan import (
    MIN_FACE_PX,
    DetectionWindow,
    StreamPlan,
    _spread,
    plan_scan,
    plan_stream,
)

BOTH = ['short_range', 'full_range']
TILE_DETECTOR = 'full_range', detector_spec('full_range')
sizes_wh = st.tuples(st.integers(1, 3000), st.integers(1, 3000))


def quarter_turns(window: DetectionWindow) -> int:
    return (
        0 if window.region is None else round(window.region.rotations_rad[0] / (math.pi / 2)) % 4
    )


def square(window: DetectionWindow) -> tuple[float, ...] | None:
    """Centre and side of a window, rotation left out; None for the whole image."""
    region = window.region
    return None if region is None else (*region.centres[0], *region.sizes_wh[0])


def side(window: DetectionWindow, wh) -> float:
    return max(wh) if window.region is None else float(window.region.sizes_wh[0, 0])


@given(sizes_wh, st.sampled_from(['upright', 'all']))
def test_all_detectors_run_on_the_whole_image(wh, rotations):
    whole_image = plan_scan(wh, BOTH, TILE_DETECTOR, rotations).whole_image
    assert whole_image.detectors == ('short_range', 'full_range')
    assert whole_image.region is None


@given(sizes_wh)
def test_all_rotations_have_the_upright_tiles_in_four_orientations(wh):
    upright = plan_scan(wh, BOTH, TILE_DETECTOR, 'upright')
    rotated = plan_scan(wh, BOTH, TILE_DETECTOR, 'all')
    tiles = {square(window) for window in upright.others}
    for turns in range(4):
        windows = [window for window in rotated.others if quarter_turns(window) == turns]
        tile_detector = {
            square(window) for window in windows if window.detectors == ('full_range',)
        }
        assert tile_detector == tiles
        whole = {
            square(window)
            for window in windows
            if window.detectors == ('short_range', 'full_range')
        }
        middle = wh[0] / 2, wh[1] / 2, max(wh), max(wh)
        assert whole == (set() if turns == 0 else {middle})


@pytest.mark.parametrize('rotations', ['upright', 'all'])
def test_a_face_of_the_smallest_size_has_tiles_that_see_it(rotations):
    windows = plan_scan((1920, 1080), BOTH, TILE_DETECTOR, rotations).others
    finest = min(side(window, (1920, 1080)) for window in windows)
    assert finest * TILE_DETECTOR[1].smallest_face == pytest.approx(MIN_FACE_PX, rel=0.3)


@pytest.mark.parametrize('wh', [(1280, 720), (1920, 1080), (3840, 2160)])
@pytest.mark.parametrize('rotations', ['upright', 'all'])
def test_any_long_part_of_a_scan_has_windows_of_every_size(wh, rotations):
    windows = list(plan_scan(wh, BOTH, TILE_DETECTOR, rotations).others)
    for size in {round(side(window, wh)) for window in windows}:
        positions = [
            index for index, window in enumerate(windows) if round(side(window, wh)) == size
        ]
        gaps = np.diff([positions[-1] - len(windows), *positions])
        # One in eight of each level above the finest, and each level thins the one below.
        assert gaps.max() <= 2 * 8


def test_without_a_tile_detector_there_is_only_the_whole_image():
    assert plan_scan((1920, 1080), ['short_range'], None, 'upright').others == ()
    rotated = plan_scan((1920, 1080), ['short_range'], None, 'all').others
    assert [quarter_turns(window) for window in rotated] == [1, 2, 3]
    assert {window.detectors for window in rotated} == {('short_range',)}


def streamed(wh, rotations: str = 'upright') -> StreamPlan:
    return plan_stream(wh, BOTH, TILE_DETECTOR, rotations)


@pytest.mark.parametrize('rotations', ['upright', 'all'])
@given(wh=sizes_wh, position=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_a_small_face_anywhere_lies_whole_in_a_quick_and_in_a_careful_tile(
    rotations, wh, position
):
    wh = max(wh[0], 600), max(wh[1], 600)
    centre = np.array(position) * (np.array(wh) - 48) + 24
    for windows in (streamed(wh, rotations).quick, streamed(wh, rotations).careful):
        for turns in {quarter_turns(window) for window in windows}:
            regions = [each.region for each in windows if quarter_turns(each) == turns]
            distances = [np.abs(centre - region.centres[0]).max() for region in regions]
            reach = [region.sizes_wh[0, 0] / 2 - 24 for region in regions]
            assert np.less_equal(distances, np.array(reach) + 1).any()


@given(sizes_wh)
def test_a_stream_has_all_rotations_of_its_upright_tiles(wh):
    upright, rotated = streamed(wh), streamed(wh, 'all')
    for one, all_ in ((upright.quick, rotated.quick), (upright.careful, rotated.careful)):
        tiles = {square(window) for window in one}
        middle = wh[0] / 2, wh[1] / 2, max(wh), max(wh)
        for turns in range(4):
            turned = {square(window) for window in all_ if quarter_turns(window) == turns}
            assert turned - {middle} == tiles - {middle}


@pytest.mark.parametrize('wh', [(1280, 720), (1920, 1080), (3840, 2160)])
def test_a_stream_needs_far_fewer_tiles_than_a_picture(wh):
    pictures = len(plan_scan(wh, BOTH, TILE_DETECTOR, 'upright').others)
    plan = streamed(wh)
    assert len(plan.quick) <= 0.5 * pictures
    assert len(plan.quick) < len(plan.careful) <= 0.7 * pictures


def test_usual_passes_of_a_stream_run_one_detector():
    plan = streamed((1280, 720))
    assert plan.full_pass.detectors == ('short_range', 'full_range')
    assert plan.pass_.detectors == ('full_range',)
    alone = plan_stream((1280, 720), ['short_range'], None, 'upright')
    assert alone.full_pass.detectors == alone.pass_.detectors == ('short_range',)
    assert alone.quick == alone.careful == ()


@given(st.integers(0, 300))
def test_spread_windows_are_all_there_and_neighbours_are_apart(count):
    order = _spread(range(count))
    assert sorted(order) == list(range(count))
    # Only few numbers up to 6 have steps to choose from.
    if count > 6:
        assert np.abs(np.diff(order)).min() > 1
