"""The thread for the inference: one item at a time, whatever becomes of it."""

from __future__ import annotations

import threading

from facemesh_ros.ros.arrivals import Arrival
from facemesh_ros.ros.counts import ImageCounts
from facemesh_ros.ros.inbox import Inbox
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

    def worker(self, inbox):
        return NewestFirstWorker(inbox, self.work, self.fail, Turns(1))


def put(inbox, item):
    inbox.put(Arrival(item, 0.0))


def test_newer_items_replace_the_one_that_waits_and_are_counted():
    gate = Gate()
    inbox = Inbox(ImageCounts())
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
    inbox = Inbox(ImageCounts())
    worker = gate.worker(inbox)
    for item in (-1, 5):
        put(inbox, item)
        gate.open.release()
        assert gate.entered.acquire(timeout=PATIENCE_S)
    worker.stop()
    assert gate.done == [-1, 5]
    assert [type(error) for error in gate.failed] == [ValueError]


def test_what_waits_is_forgotten_when_it_stops():
    gate = Gate()
    inbox = Inbox(ImageCounts())
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
