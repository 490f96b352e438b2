"""Shared work: the same results as without workers."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.thread_pool import ThreadPool

PATIENCE_S = 10.0


@pytest.fixture(scope='module', params=[0, 1, 3])
def pool(request):
    return ThreadPool(request.param)


@given(items=st.lists(st.integers(), max_size=20))
def test_results_come_in_the_order_of_the_items(pool, items):
    assert pool.map(lambda item: 2 * item, items) == [2 * item for item in items]


def test_both_results_come_back(pool):
    assert pool.run_both(lambda: 'one', lambda: 2) == ('one', 2)


def test_nested_calls_do_not_deadlock(pool):
    def inner(item):
        return sum(pool.map(lambda part: part, [item] * 4))

    def outer(item):
        return pool.run_both(lambda: inner(item), lambda: inner(-item))

    results = []
    callers = [
        threading.Thread(target=lambda: results.append(pool.map(outer, range(8))), daemon=True)
        for _ in range(4)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(PATIENCE_S)
    assert results == [[(4 * item, -4 * item) for item in range(8)]] * 4


def test_a_worker_works_while_the_caller_does():
    met = threading.Barrier(2)
    arrived = ThreadPool(1).map(lambda _: met.wait(PATIENCE_S), range(2))
    assert sorted(arrived) == [0, 1]


def test_the_caller_goes_on_while_a_worker_is_busy():
    busy, done = threading.Event(), []

    def work(item):
        if item == 1:  # the worker's first; it ends when the caller has done all the others
            assert busy.wait(PATIENCE_S)
        done.append(item)
        if len(done) == 4:
            busy.set()
        return item

    assert ThreadPool(1).map(work, range(5)) == [0, 1, 2, 3, 4]
    assert done[-1] == 1


@pytest.mark.parametrize('bad', [0, 1, 2])
def test_errors_reach_the_caller(pool, bad):
    def work(item):
        if item == bad:
            raise ValueError(f'item {item}')
        return item

    with pytest.raises(ValueError, match=f'item {bad}'):
        pool.map(work, range(3))
    assert pool.map(abs, [-1, -2]) == [1, 2]  # and the pool works on
