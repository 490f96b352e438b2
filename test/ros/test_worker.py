"""The mailbox between the executor and the inference."""

from __future__ import annotations

import threading

from facemesh_ros.ros.turns import Turns
from facemesh_ros.ros.worker import NewestFirstWorker

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


def test_newer_items_replace_the_one_that_waits_and_are_counted():
    gate = Gate()
    worker = NewestFirstWorker(gate.work, gate.fail, Turns(1))
    worker.submit(1)
    assert gate.entered.acquire(timeout=PATIENCE_S)
    for item in (2, 3, 4):
        worker.submit(item)
    gate.open.release(2)
    assert gate.entered.acquire(timeout=PATIENCE_S)
    worker.stop()
    assert gate.done == [1, 4]
    assert (worker.received, worker.dropped) == (4, 2)


def test_an_item_that_fails_does_not_end_the_thread():
    gate = Gate()
    worker = NewestFirstWorker(gate.work, gate.fail, Turns(1))
    for item in (-1, 5):
        worker.submit(item)
        gate.open.release()
        assert gate.entered.acquire(timeout=PATIENCE_S)
    worker.stop()
    assert gate.done == [-1, 5]
    assert [type(error) for error in gate.failed] == [ValueError]


def test_what_waits_is_forgotten_when_it_stops():
    gate = Gate()
    worker = NewestFirstWorker(gate.work, gate.fail, Turns(1))
    worker.submit(1)
    assert gate.entered.acquire(timeout=PATIENCE_S)
    worker.submit(2)
    stopper = threading.Thread(target=worker.stop)
    stopper.start()
    gate.open.release(2)
    stopper.join(PATIENCE_S)
    assert not stopper.is_alive()
    assert gate.done in ([1], [1, 2])
