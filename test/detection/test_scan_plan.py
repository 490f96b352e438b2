"""The scan plan: all of the image is covered, large faces never long after small ones."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.catalog.models import detector_spec
from facemesh_ros.detection.scan_plan import MIN_FACE_PX, DetectionWindow, plan_scan

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


@given(sizes_wh, st.sampled_from(['upright', 'all']), st.integers(1, 40))
def test_whole_image_passes_are_evenly_spaced_and_nothing_is_left_out(wh, rotations, between):
    plan = plan_scan(wh, BOTH, TILE_DETECTOR, rotations)
    order = plan.interleaved(between)
    assert order[0] is plan.whole_image
    counts = Counter(order)
    assert counts.pop(plan.whole_image) >= 2
    assert set(counts) == set(plan.others)
    assert not Counter(plan.others) - counts
    positions = [index for index, window in enumerate(order) if window is plan.whole_image]
    gaps = np.diff([*positions, len(order) + positions[0]]) - 1
    assert gaps.max() <= between
    assert gaps.min() == gaps.max()
