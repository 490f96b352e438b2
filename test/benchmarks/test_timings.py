"""Figures of the benchmarks, against their definitions."""

import numpy as np
import pytest
from common.timings import ratio, spread
from hypothesis import given
from hypothesis import strategies as st

durations = st.lists(st.floats(0.01, 1e4), min_size=1, max_size=50)


@given(durations, st.randoms())
def test_spread_counts_what_is_not_longer(values, random):
    random.shuffle(values)
    found = spread(values)
    assert found.n == len(values)
    for share, limit in ((0.5, found.median), (0.95, found.p95), (0.99, found.p99)):
        # Between two durations the limit is interpolated, so it may be one short.
        assert sum(value <= limit * (1 + 1e-9) for value in values) >= int(share * len(values))
        assert min(values) <= limit * (1 + 1e-9)
        assert limit <= max(values) * (1 + 1e-9)


def test_one_hiccup_moves_the_tail_alone():
    found = spread([10.0] * 99 + [1000.0])
    assert (found.median, found.p95) == (10.0, 10.0)
    assert 10.0 < found.p99 < 1000.0


@given(st.lists(durations, min_size=1, max_size=8), st.floats(0.1, 10))
def test_ratio_says_how_much_longer_the_first_side_takes(blocks, factor):
    found = ratio([[factor * value for value in block] for block in blocks], blocks)
    assert [found.overall, found.lowest, found.highest] == pytest.approx([factor] * 3)


def test_rounds_show_a_machine_that_slows_down_for_both_sides():
    pace = np.linspace(1, 3, 9)
    found = ratio([[2.0 * slower] * 5 for slower in pace], [[4.0 * slower] * 5 for slower in pace])
    assert (found.lowest, found.highest) == pytest.approx((0.5, 0.5))


def test_rounds_show_a_disturbance_of_one_side():
    found = ratio([[1.0] * 4, [1.0] * 4, [3.0] * 4], [[1.0] * 4] * 3)
    assert (found.overall, found.lowest, found.highest) == (1.0, 1.0, 3.0)


def test_blocks_that_were_not_taken_in_turn_are_refused():
    with pytest.raises(ValueError, match='shorter'):
        ratio([[1.0], [1.0]], [[1.0]])
    with pytest.raises(ValueError, match='no durations'):
        spread([])
