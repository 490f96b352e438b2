"""The order of turns, when there is more work than turns."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facemesh_ros.ros.input.fair_scheduler import FairScheduler, Slot

PATIENCE_S = 10.0


def started(work, *names):
    threads = [threading.Thread(target=work, args=(name,), daemon=True) for name in names]
    for thread in threads:
        thread.start()
    return threads


def ended(threads):
    for thread in threads:
        thread.join(PATIENCE_S)
    return not any(thread.is_alive() for thread in threads)


def wait_until(reached):
    end_s = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < end_s
        time.sleep(0.0005)


class Workers:
    """Threads whose work arrived at given times, and a scheduler for one at a time."""

    def __init__(self, names):
        self.arrivals = dict.fromkeys(names, 0.0)
        self.order = []
        self._scheduler = FairScheduler(1)
        self._slots = {
            name: Slot(self._scheduler, lambda name=name: self.arrivals[name]) for name in names
        }
        self._entered, self._done = threading.Semaphore(0), threading.Semaphore(0)

    def enter(self, name):
        """Let a thread wait for its turn; the very first one gets it at once."""
        alone, waiting = not self.order, self._scheduler.waiting
        started(self._work, name)
        if alone:
            assert self._entered.acquire(timeout=PATIENCE_S)
        else:
            wait_until(lambda: self._scheduler.waiting == waiting + 1)

    def _work(self, name):
        with self._slots[name]:
            self.order.append(name)
            self._entered.release()
            assert self._done.acquire(timeout=PATIENCE_S)

    def next(self):
        """End the current turn, and return whose turn it is then."""
        self._done.release()
        assert self._entered.acquire(timeout=PATIENCE_S)
        return self.order[-1]

    def end(self):
        while self._scheduler.waiting:
            self.next()
        self._done.release()


@settings(max_examples=20, deadline=None)
@given(st.permutations('abcde'), st.permutations(range(5)))
def test_of_those_that_wait_the_newest_work_is_first(entering, times):
    workers = Workers('xabcde')
    for name in ['x', *entering]:
        workers.enter(name)
    workers.arrivals.update(zip('abcde', times, strict=True))
    # As x has had a turn already, all others are of the next round.
    workers.end()
    assert workers.order[1:] == sorted('abcde', key=workers.arrivals.get, reverse=True)


def test_after_a_turn_a_worker_waits_behind_the_others_however_new_its_work_is():
    workers = Workers('abc')
    for name in 'abc':
        workers.enter(name)
    workers.arrivals = {'a': 9.0, 'b': 0.0, 'c': 0.5}
    assert workers.next() == 'c'
    workers.enter('a')
    workers.end()
    assert workers.order == ['a', 'c', 'b', 'a']


@settings(max_examples=10, deadline=None)
@given(st.data())
def test_busy_workers_are_never_two_turns_apart(data):
    workers = Workers('abcd')
    for name in 'abcd':
        workers.enter(name)
    for _ in range(16):
        for name in 'abcd':
            workers.arrivals[name] = data.draw(st.floats(0, 1))
        before = workers.order[-1]
        workers.next()
        workers.enter(before)
        counts = [workers.order.count(name) for name in 'abcd']
        assert max(counts) - min(counts) <= 1
    workers.end()


def test_an_idle_worker_has_no_turns_to_catch_up_on():
    workers = Workers('abc')
    for name in 'ab':
        workers.enter(name)
    for _ in range(10):
        before = workers.order[-1]
        workers.next()
        workers.enter(before)
    workers.enter('c')
    for _ in range(9):
        workers.arrivals['c'] += 1  # c's work is always the newest
        before = workers.order[-1]
        workers.next()
        workers.enter(before)
    workers.end()
    rounds = [set(workers.order[start : start + 3]) for start in (12, 15, 18)]
    assert rounds == [set('abc')] * 3, workers.order


@pytest.mark.parametrize('max_workers', [1, 2, 3])
def test_as_many_work_at_once_as_allowed_and_no_more(max_workers):
    scheduler, inside, most, guard = FairScheduler(max_workers), set(), [], threading.Lock()
    full = threading.Barrier(max_workers)

    def work(name):
        slot = Slot(scheduler, time.monotonic)
        for _ in range(max_workers * 20):
            with slot:
                with guard:
                    inside.add(name)
                    most.append(len(inside))
                full.wait(PATIENCE_S)  # until as many work as are allowed
                with guard:
                    inside.discard(name)

    assert ended(started(work, *range(max_workers)))
    assert max(most) == max_workers
    assert scheduler.waiting == 0


def test_an_exception_ends_a_turn():
    scheduler = FairScheduler(1)
    slot = Slot(scheduler, time.monotonic)
    with pytest.raises(ValueError, match='bad image'), slot:
        raise ValueError('bad image')
    with Slot(scheduler, time.monotonic):
        assert scheduler.waiting == 0
