"""The inference thread: one item at a time, whatever happens to it."""

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
    """Processing that waits until it is released, and records its items."""

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

    def worker(self, queue):
        return NewestFirstWorker(queue, self.work, self.fail, FairScheduler(1))


def put(queue, item):
    queue.put(Arrival(item, 0.0))


def process_each(gate, queue, *items):
    """Put items in, one after the other, and wait for each until it is processed."""
    for item in items:
        put(queue, item)
        gate.open.release()
        assert gate.entered.acquire(timeout=PATIENCE_S)


def test_newer_items_replace_the_waiting_one_and_are_counted():
    gate = Gate()
    queue = NewestImageQueue(ImageCounts())
    worker = gate.worker(queue)
    put(queue, 1)
    assert gate.entered.acquire(timeout=PATIENCE_S)
    for item in (2, 3, 4):
        put(queue, item)
    gate.open.release(2)
    assert gate.entered.acquire(timeout=PATIENCE_S)
    worker.stop()
    assert gate.done == [1, 4]
    assert (queue.counts.received, queue.counts.dropped) == (4, 2)


def test_an_item_that_fails_does_not_end_the_thread():
    gate = Gate()
    queue = NewestImageQueue(ImageCounts())
    worker = gate.worker(queue)
    process_each(gate, queue, -1, 5)
    worker.stop()
    assert gate.done == [-1, 5]
    assert [type(error) for error in gate.failed] == [ValueError]


@pytest.mark.parametrize('error', [None, RuntimeError('no GPU')])
def test_the_thread_is_prepared_before_its_first_item(error):
    gate, prepared = Gate(), []

    def prepare():
        prepared.append((threading.current_thread(), list(gate.done)))
        if error:
            raise error

    queue = NewestImageQueue(ImageCounts())
    worker = NewestFirstWorker(queue, gate.work, gate.fail, FairScheduler(1), prepare)
    process_each(gate, queue, 1, 2)
    worker.stop()
    assert prepared == [(worker._thread, [])]
    assert gate.done == [1, 2]
    # No image has failed.
    assert gate.failed == []


def test_a_waiting_item_is_dropped_when_it_stops():
    gate = Gate()
    queue = NewestImageQueue(ImageCounts())
    worker = gate.worker(queue)
    put(queue, 1)
    assert gate.entered.acquire(timeout=PATIENCE_S)
    put(queue, 2)
    stopper = threading.Thread(target=worker.stop)
    stopper.start()
    gate.open.release(2)
    stopper.join(PATIENCE_S)
    assert not stopper.is_alive()
    assert gate.done in ([1], [1, 2])


class Source:
    """Has an item at any time; `fails_to` is the call that fails."""

    kept = 1

    def __init__(self, queue, fails_to):
        self.fails_to, self.tries, self.number = fails_to, 0, 0
        queue.connect(self)

    def wait(self):
        self.fail_to('wait')
        return True

    def take(self):
        self.fail_to('take')
        self.number += 1
        return Arrival(self.number, time.time(), self.number)

    def wake(self):
        pass

    def fail_to(self, call):
        if call == self.fails_to:
            self.tries += 1
            raise RuntimeError('the subscription is gone')


@pytest.mark.parametrize('call', ['wait', 'take'])
def test_an_error_around_the_processing_is_reported_and_the_thread_goes_on(call):
    queue, reported, done = NewestImageQueue(ImageCounts()), [], threading.Event()
    source = Source(queue, fails_to=call)
    worker = NewestFirstWorker(queue, lambda _: done.set(), reported.append, FairScheduler(1))
    wait_until(lambda: reported)
    assert 'is gone' in str(reported[0])
    source.fails_to = ''
    assert done.wait(PATIENCE_S)
    assert worker.is_alive
    worker.stop()
    assert not worker.is_alive


def test_a_thread_whose_errors_cannot_be_reported_goes_on(caplog):
    gate, queue = Gate(), NewestImageQueue(ImageCounts())

    def fail(error):
        raise OSError('no log')

    worker = NewestFirstWorker(queue, gate.work, fail, FairScheduler(1))
    process_each(gate, queue, -1, 5)
    worker.stop()
    assert gate.done == [-1, 5]
    assert 'no log' in caplog.text


def test_an_error_frees_the_slot_for_other_workers():
    scheduler, done = FairScheduler(1), threading.Event()
    queue, other = NewestImageQueue(ImageCounts()), NewestImageQueue(ImageCounts())
    source = Source(queue, fails_to='take')
    first = NewestFirstWorker(queue, lambda item: None, lambda error: None, scheduler)
    second = NewestFirstWorker(other, lambda item: done.set(), lambda error: None, scheduler)
    wait_until(lambda: source.tries)
    put(other, 1)
    assert done.wait(PATIENCE_S)
    for worker in (first, second):
        worker.stop()


def wait_until(condition):
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.001)
