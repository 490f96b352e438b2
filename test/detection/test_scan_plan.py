"""The plan of a search: everything is looked at, large faces never long after small ones."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.catalog.models import detector_spec
from facemesh_ros.detection.scan_plan import SMALLEST_FACE_PX, DetectionWindow, plan_scan

BOTH = ['short_range', 'full_range']
CLOSER = 'full_range', detector_spec('full_range')
sizes_wh = st.tuples(st.integers(1, 3000), st.integers(1, 3000))


def quarter_turns(look: DetectionWindow) -> int:
    return 0 if look.region is None else round(look.region.rotations_rad[0] / (math.pi / 2)) % 4


def square(look: DetectionWindow) -> tuple[float, ...] | None:
    """Centre and side of a look, rotation left out; None for the whole image."""
    region = look.region
    return None if region is None else (*region.centres[0], *region.sizes_wh[0])


def side(look: DetectionWindow, wh) -> float:
    return max(wh) if look.region is None else float(look.region.sizes_wh[0, 0])


@given(sizes_wh, st.sampled_from(['upright', 'all']))
def test_the_first_look_is_everybodys_at_the_whole_image(wh, rotations):
    first = plan_scan(wh, BOTH, CLOSER, rotations).first
    assert first.detectors == ('short_range', 'full_range')
    assert first.region is None


@given(sizes_wh)
def test_all_looks_in_four_orientations_at_what_upright_looks_at_in_one(wh):
    upright = plan_scan(wh, BOTH, CLOSER, 'upright')
    turned = plan_scan(wh, BOTH, CLOSER, 'all')
    tiles = {square(look) for look in upright.rest}
    for turns in range(4):
        looks = [look for look in turned.rest if quarter_turns(look) == turns]
        tile_detector = {square(look) for look in looks if look.detectors == ('full_range',)}
        assert tile_detector == tiles
        whole = {square(look) for look in looks if look.detectors == ('short_range', 'full_range')}
        middle = wh[0] / 2, wh[1] / 2, max(wh), max(wh)
        assert whole == (set() if turns == 0 else {middle})


@pytest.mark.parametrize('rotations', ['upright', 'all'])
def test_a_face_of_the_smallest_size_has_tiles_that_see_it(rotations):
    looks = plan_scan((1920, 1080), BOTH, CLOSER, rotations).rest
    finest = min(side(look, (1920, 1080)) for look in looks)
    assert finest * CLOSER[1].smallest_face == pytest.approx(SMALLEST_FACE_PX, rel=0.3)


@pytest.mark.parametrize('wh', [(1280, 720), (1920, 1080), (3840, 2160)])
@pytest.mark.parametrize('rotations', ['upright', 'all'])
def test_any_long_part_of_a_sweep_has_looks_of_every_size(wh, rotations):
    looks = list(plan_scan(wh, BOTH, CLOSER, rotations).rest)
    for size in {round(side(look, wh)) for look in looks}:
        places = [index for index, look in enumerate(looks) if round(side(look, wh)) == size]
        rounds = np.diff([places[-1] - len(looks), *places])
        # One in eight of each level above the finest, and each level thins the one below.
        assert rounds.max() <= 2 * 8


def test_without_somebody_who_looks_closer_there_is_only_the_whole_image():
    assert plan_scan((1920, 1080), ['short_range'], None, 'upright').rest == ()
    turned = plan_scan((1920, 1080), ['short_range'], None, 'all').rest
    assert [quarter_turns(look) for look in turned] == [1, 2, 3]
    assert {look.detectors for look in turned} == {('short_range',)}


@given(sizes_wh, st.sampled_from(['upright', 'all']), st.integers(1, 40))
def test_in_turn_the_whole_image_comes_evenly_and_nothing_is_left_out(wh, rotations, between):
    sweep = plan_scan(wh, BOTH, CLOSER, rotations)
    order = sweep.in_turn(between)
    assert order[0] is sweep.first
    counts = Counter(order)
    assert counts.pop(sweep.first) >= 2
    assert set(counts) == set(sweep.rest)
    assert not Counter(sweep.rest) - counts
    places = [index for index, look in enumerate(order) if look is sweep.first]
    gaps = np.diff([*places, len(order) + places[0]]) - 1
    assert gaps.max() <= between
    assert gaps.min() == gaps.max()
