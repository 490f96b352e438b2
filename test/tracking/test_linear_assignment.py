"""The cheapest pairing, against SciPy's solver and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from facemesh_ros.tracking.association import linear_assignment

pytestmark = pytest.mark.filterwarnings('error')

ALONE = 10.0
# Few different costs, so that ties and chains of exchanges are frequent.
entries = st.one_of(st.integers(0, 12).map(float), st.floats(0, 30), st.just(np.inf))
matrices = array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=7).flatmap(
    lambda shape: arrays(np.float64, shape, elements=entries)
)


def total(costs, rows, columns) -> float:
    return costs[rows, columns].sum() + ALONE * (len(costs) - len(rows))


@given(costs=matrices)
def test_no_pairing_is_cheaper(require_package, costs):
    rows, columns = linear_assignment(costs, ALONE)
    # Each row may stay alone in a column of its own.
    allowed = np.where(costs <= ALONE, costs, 1e6)
    padded = np.hstack([allowed, np.full((len(costs), len(costs)), ALONE)])
    solved = require_package('scipy.optimize').linear_sum_assignment(padded)
    assert total(costs, rows, columns) == pytest.approx(padded[solved].sum(), abs=1e-9)


@given(matrices)
def test_each_is_paired_once_and_never_above_the_price_of_staying_alone(costs):
    rows, columns = linear_assignment(costs, ALONE)
    assert rows.tolist() == sorted(set(rows.tolist()))
    assert len(set(columns.tolist())) == len(columns) == len(rows)
    assert (costs[rows, columns] <= ALONE).all()


def test_the_greedy_choice_gives_way_to_the_cheaper_total():
    rows, columns = linear_assignment(np.array([[1.0, 2.0], [2.0, 9.0]]), ALONE)
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [1, 0])


def test_two_that_want_the_same_leave_one_alone():
    rows, columns = linear_assignment(np.array([[3.0], [2.0]]), ALONE)
    assert (rows.tolist(), columns.tolist()) == ([1], [0])


def test_what_must_not_be_paired_is_not():
    rows, _ = linear_assignment(np.full((3, 4), np.inf), ALONE)
    assert len(rows) == 0


@pytest.mark.parametrize('shape', [(0, 0), (0, 3), (3, 0)])
def test_nobody_on_one_side(shape):
    rows, columns = linear_assignment(np.empty(shape), ALONE)
    assert len(rows) == len(columns) == 0


@given(matrices, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(costs, random):
    order = list(range(len(costs)))
    random.shuffle(order)
    shuffled = costs[order]
    assert total(shuffled, *linear_assignment(shuffled, ALONE)) == pytest.approx(
        total(costs, *linear_assignment(costs, ALONE))
    )
