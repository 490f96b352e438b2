"""Linear assignment, against SciPy's solver and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from facemesh_ros.tracking.association import linear_assignment

pytestmark = pytest.mark.filterwarnings('error')

UNASSIGNED_COST = 10.0
# Few different costs, so that ties and chains of exchanges are frequent.
entries = st.one_of(st.integers(0, 12).map(float), st.floats(0, 30), st.just(np.inf))
matrices = array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=7).flatmap(
    lambda shape: arrays(np.float64, shape, elements=entries)
)


def total(costs, rows, columns) -> float:
    return costs[rows, columns].sum() + UNASSIGNED_COST * (len(costs) - len(rows))


@given(costs=matrices)
def test_no_pairing_is_cheaper(require_package, costs):
    rows, columns = linear_assignment(costs, UNASSIGNED_COST)
    # Each row may take a column of its own, for no pair.
    allowed = np.where(costs <= UNASSIGNED_COST, costs, 1e6)
    padded = np.hstack([allowed, np.full((len(costs), len(costs)), UNASSIGNED_COST)])
    solved = require_package('scipy.optimize').linear_sum_assignment(padded)
    assert total(costs, rows, columns) == pytest.approx(padded[solved].sum(), abs=1e-9)


@given(matrices)
def test_each_is_paired_once_and_never_above_the_cost_of_no_pair(costs):
    rows, columns = linear_assignment(costs, UNASSIGNED_COST)
    assert rows.tolist() == sorted(set(rows.tolist()))
    assert len(set(columns.tolist())) == len(columns) == len(rows)
    assert (costs[rows, columns] <= UNASSIGNED_COST).all()


def test_the_least_total_beats_the_greedy_choice():
    rows, columns = linear_assignment(np.array([[1.0, 2.0], [2.0, 9.0]]), UNASSIGNED_COST)
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [1, 0])


def test_of_two_rows_with_one_column_the_cheaper_gets_it():
    rows, columns = linear_assignment(np.array([[3.0], [2.0]]), UNASSIGNED_COST)
    assert (rows.tolist(), columns.tolist()) == ([1], [0])


def test_what_must_not_be_paired_is_not():
    rows, _ = linear_assignment(np.full((3, 4), np.inf), UNASSIGNED_COST)
    assert len(rows) == 0


@pytest.mark.parametrize('shape', [(0, 0), (0, 3), (3, 0)])
def test_no_rows_or_no_columns(shape):
    rows, columns = linear_assignment(np.empty(shape), UNASSIGNED_COST)
    assert len(rows) == len(columns) == 0


@given(matrices, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(costs, random):
    order = list(range(len(costs)))
    random.shuffle(order)
    shuffled = costs[order]
    assert total(shuffled, *linear_assignment(shuffled, UNASSIGNED_COST)) == pytest.approx(
        total(costs, *linear_assignment(costs, UNASSIGNED_COST))
    )
