"""The thread for the inference: one item at a time, whatever becomes of it."""

from __future__ import annotations

import threading
import time

import pytest

from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.ros.input.arrivals import Arrival
from facemesh_ros.ros.input.fair_scheduler import FairScheduler
from facemesh_ros.ros.input.newest_image_queue import NewestImageQueue
from facemesh_ros.ros.input.worker import NewestFirstWorker

PATIENCE_S = 10.0


class Gate:
    """Work that waits until it is let through, and remembers what it got."""

    def __init__(self):
        self.done, self.failed = [], []
        self.entered, self.open = threading.Semaphore(0), threading.Semaphore(0)

    def work(self, item):
        self.entered.release()
        assert self.open.acquire(timeout=PATIENCE_S)
        self.done.append(item)
        if item < 0:
            raise ValueError(item)

    def fail(self, error):
        self.failed.append(error)

    def worker(self, inbox):
        return NewestFirstWorker(inbox, self.work, self.fail, FairScheduler(1))


def put(inbox, item):
    inbox.put(Arrival(item, 0.0))


def work_off(gate, inbox, *items):
    """Put items in, one after the other, and wait for each until it is worked on."""
    for item in items:
        put(inbox, item)
        gate.open.release()
        assert gate.entered.acquire(timeout=PATIENCE_S)


def test_newer_items_replace_the_one_that_waits_and_are_counted():
    gate = Gate()
    inbox = NewestImageQueue(ImageCounts())
    worker = gate.worker(inbox)
    put(inbox, 1)
    assert gate.entered.acquire(timeout=PATIENCE_S)
    for item in (2, 3, 4):
        put(inbox, item)
    gate.open.release(2)
    assert gate.entered.acquire(timeout=PATIENCE_S)
    worker.stop()
    assert gate.done == [1, 4]
    assert (inbox.counts.received, inbox.counts.dropped) == (4, 2)


def test_an_item_that_fails_does_not_end_the_thread():
    gate = Gate()
    inbox = NewestImageQueue(ImageCounts())
    worker = gate.worker(inbox)
    work_off(gate, inbox, -1, 5)
    worker.stop()
    assert gate.done == [-1, 5]
    assert [type(error) for error in gate.failed] == [ValueError]


def test_what_waits_is_forgotten_when_it_stops():
    gate = Gate()
    inbox = NewestImageQueue(ImageCounts())
    worker = gate.worker(inbox)
    put(inbox, 1)
    assert gate.entered.acquire(timeout=PATIENCE_S)
    put(inbox, 2)
    stopper = threading.Thread(target=worker.stop)
    stopper.start()
    gate.open.release(2)
    stopper.join(PATIENCE_S)
    assert not stopper.is_alive()
    assert gate.done in ([1], [1, 2])


class Supply:
    """Leaves items with an inbox and fails when one is taken, as long as it is told to."""

    def __init__(self, inbox):
        self.inbox, self.fails, self.tries = inbox, True, 0
        inbox.draw_from(self)

    def deliver(self, wanted):
        if self.fails:
            raise RuntimeError('the executor is gone')

    def take(self):
        self.tries += 1
        if self.fails:
            raise RuntimeError('the subscription is gone')


def test_what_goes_wrong_around_the_work_is_told_and_the_thread_lives_on():
    inbox, told, done = NewestImageQueue(ImageCounts()), [], threading.Event()
    supply = Supply(inbox)

    def work(item):
        if item == 'last':
            done.set()
            return
        # The next one is left with the supply, which fails to leave it.
        with pytest.raises(RuntimeError):
            inbox.put(Arrival('left', 0.0, 2))

    worker = NewestFirstWorker(inbox, work, told.append, FairScheduler(1))
    inbox.put(Arrival('first', 0.0, 1))
    wait_until(lambda: told)
    assert 'is gone' in str(told[0])
    supply.fails = False
    put(inbox, 'last')
    assert done.wait(PATIENCE_S)
    assert worker.is_alive
    worker.stop()
    assert not worker.is_alive


def test_a_thread_whose_errors_nobody_can_be_told_of_lives_on(caplog):
    gate, inbox = Gate(), NewestImageQueue(ImageCounts())

    def fail(error):
        raise OSError('no log')

    worker = NewestFirstWorker(inbox, gate.work, fail, FairScheduler(1))
    work_off(gate, inbox, -1, 5)
    worker.stop()
    assert gate.done == [-1, 5]
    assert 'no log' in caplog.text


def test_a_seat_is_free_for_others_whatever_happens_in_it():
    turns, done = FairScheduler(1), threading.Event()
    inbox, other = NewestImageQueue(ImageCounts()), NewestImageQueue(ImageCounts())
    supply = Supply(inbox)
    first = NewestFirstWorker(inbox, lambda item: None, lambda error: None, turns)
    second = NewestFirstWorker(other, lambda item: done.set(), lambda error: None, turns)
    inbox._delivering = False  # as after an early image
    put(inbox, 1)
    wait_until(lambda: supply.tries)
    put(other, 1)
    assert done.wait(PATIENCE_S)
    for worker in (first, second):
        worker.stop()


def wait_until(condition):
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.001)
