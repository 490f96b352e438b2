"""Who works when: threads that want more than the machine can do."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facemesh_ros.ros.input.fair_scheduler import FairScheduler

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


class Crowd:
    """Threads that have work that arrived at times of one's choice, and one place for them."""

    def __init__(self, names):
        self.arrivals = dict.fromkeys(names, 0.0)
        self.order = []
        self._turns = FairScheduler(1)
        self._seats = {
            name: self._turns.seat(lambda name=name: self.arrivals[name]) for name in names
        }
        self._entered, self._done = threading.Semaphore(0), threading.Semaphore(0)

    def ask(self, name):
        """Ask for a place; who does so first of all has it."""
        alone, waiting = not self.order, self._turns.waiting
        started(self._work, name)
        if alone:
            assert self._entered.acquire(timeout=PATIENCE_S)
        else:
            wait_until(lambda: self._turns.waiting == waiting + 1)

    def _work(self, name):
        with self._seats[name]:
            self.order.append(name)
            self._entered.release()
            assert self._done.acquire(timeout=PATIENCE_S)

    def next(self):
        """Let the one who has the place go, and return who has it now."""
        self._done.release()
        assert self._entered.acquire(timeout=PATIENCE_S)
        return self.order[-1]

    def end(self):
        while self._turns.waiting:
            self.next()
        self._done.release()


@settings(max_examples=20, deadline=None)
@given(st.permutations('abcde'), st.permutations(range(5)))
def test_of_those_that_wait_the_newest_work_is_first(asking, times):
    crowd = Crowd('xabcde')
    for name in ['x', *asking]:
        crowd.ask(name)
    crowd.arrivals.update(zip('abcde', times, strict=True))
    # As x has had a turn already, all others are of the next round.
    crowd.end()
    assert crowd.order[1:] == sorted('abcde', key=crowd.arrivals.get, reverse=True)


def test_who_has_just_had_a_turn_waits_behind_the_others_however_new_its_work_is():
    crowd = Crowd('abc')
    for name in 'abc':
        crowd.ask(name)
    crowd.arrivals = {'a': 9.0, 'b': 0.0, 'c': 0.5}
    assert crowd.next() == 'c'
    crowd.ask('a')
    crowd.end()
    assert crowd.order == ['a', 'c', 'b', 'a']


@settings(max_examples=10, deadline=None)
@given(st.data())
def test_who_always_has_work_is_never_two_turns_ahead_of_another(data):
    crowd = Crowd('abcd')
    for name in 'abcd':
        crowd.ask(name)
    for _ in range(16):
        for name in 'abcd':
            crowd.arrivals[name] = data.draw(st.floats(0, 1))
        before = crowd.order[-1]
        crowd.next()
        crowd.ask(before)
        counts = [crowd.order.count(name) for name in 'abcd']
        assert max(counts) - min(counts) <= 1
    crowd.end()


def test_who_had_nothing_to_do_for_long_has_no_turns_to_catch_up_on():
    crowd = Crowd('abc')
    for name in 'ab':
        crowd.ask(name)
    for _ in range(10):
        before = crowd.order[-1]
        crowd.next()
        crowd.ask(before)
    crowd.ask('c')
    for _ in range(9):
        crowd.arrivals['c'] += 1  # c's work is always the newest
        before = crowd.order[-1]
        crowd.next()
        crowd.ask(before)
    crowd.end()
    rounds = [set(crowd.order[start : start + 3]) for start in (12, 15, 18)]
    assert rounds == [set('abc')] * 3, crowd.order


@pytest.mark.parametrize('places', [1, 2, 3])
def test_no_more_than_the_places_are_taken_and_all_of_them(places):
    turns, inside, most, guard = FairScheduler(places), set(), [], threading.Lock()
    full = threading.Barrier(places)

    def work(name):
        seat = turns.seat(time.monotonic)
        for _ in range(places * 20):
            with seat:
                with guard:
                    inside.add(name)
                    most.append(len(inside))
                full.wait(PATIENCE_S)  # nobody goes on before all places are taken
                with guard:
                    inside.discard(name)

    assert ended(started(work, *range(places)))
    assert max(most) == places
    assert turns.waiting == 0


def test_a_turn_that_fails_is_over():
    turns = FairScheduler(1)
    seat = turns.seat(time.monotonic)
    with pytest.raises(ValueError, match='bad image'), seat:
        raise ValueError('bad image')
    with turns.seat(time.monotonic):
        assert turns.waiting == 0
