"""Who works when: threads that want more than the machine can do."""

from __future__ import annotations

import threading
import time

import pytest

from facemesh_ros.ros.turns import Turns

PATIENCE_S = 10.0
NAMES = 'abcde'


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
        time.sleep(0.001)


@pytest.fixture
def queue():
    """A place that is taken, and five that wait for it in a known order."""
    turns, order, threads = Turns(1), [], []

    def work(name):
        with turns.turn():
            order.append(name)

    holder = turns.turn()
    holder.__enter__()
    for waiting, name in enumerate(NAMES, 1):
        threads += started(work, name)
        wait_until(lambda waiting=waiting: turns.waiting == waiting)
    return turns, order, threads, holder


def test_who_asked_first_is_first(queue):
    _, order, threads, holder = queue
    assert order == []
    holder.__exit__(None, None, None)
    assert ended(threads)
    assert order == list(NAMES)


def test_who_has_just_had_a_turn_waits_behind_the_others(queue):
    turns, order, threads, holder = queue
    holder.__exit__(None, None, None)
    with turns.turn():
        order.append('again')
    assert ended(threads)
    assert order == [*NAMES, 'again']


@pytest.mark.parametrize('places', [1, 2, 3])
def test_no_more_than_the_places_are_taken_and_all_of_them(places):
    turns, inside, most, guard = Turns(places), set(), [], threading.Lock()
    full = threading.Barrier(places)

    def work(name):
        for _ in range(places * 20):
            with turns.turn():
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
    turns = Turns(1)
    with pytest.raises(ValueError, match='bad image'), turns.turn():
        raise ValueError('bad image')
    with turns.turn():
        assert turns.waiting == 0
