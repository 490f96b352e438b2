"""The newest image is processed, all others are counted: left in the middleware or replaced."""

from __future__ import annotations

import time
import weakref
from collections import deque
from threading import Event, Thread

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.ros.input.arrivals import Arrival
from facemesh_ros.ros.input.newest_image_queue import NewestImageQueue

PERIOD_S = 0.03
PATIENCE_S = 10.0


class Camera:
    """Sends numbers to a queue; what is left waits in a middleware that keeps the last few."""

    def __init__(self, queue, depth=1, *, counts=True, first=1):
        self.queue, self.left = queue, deque(maxlen=depth)
        self.delivers, self.sent, self.taken, self.woken = False, 0, 0, 0
        self.kept = depth
        self._counts, self._first = counts, first
        queue.connect(self)

    def send(self, at_s=None):
        self.sent += 1
        number = self._first + self.sent if self._counts else None
        self.left.append(Arrival(self.sent, time.time() if at_s is None else at_s, number))
        self.executor()

    def set_open(self, is_open):
        self.delivers = is_open

    def executor(self):
        """The executor's thread runs."""
        while self.delivers and self.left:
            self.taken += 1
            self.queue.put(self.left.popleft())

    def wait(self):
        assert not self.delivers
        return bool(self.left)

    def wake(self):
        self.woken += 1

    def take(self):
        self.taken += bool(self.left)
        return self.left.popleft() if self.left else None


turns = st.sampled_from(['send', 'take', 'executor'])


@settings(max_examples=1000, deadline=None)
@given(st.lists(turns, max_size=60), st.integers(1, 3), st.booleans())
def test_the_newest_is_processed_and_every_other_is_counted(steps, depth, counts):
    queue = NewestImageQueue(ImageCounts())
    camera = Camera(queue, depth, counts=counts)
    # As if they had been sent long ago: the next one is always due.
    camera.send(0.0)
    done = [queue.take()]  # whether there are numbers is known now
    for index, step in enumerate(steps, 1):
        if step == 'send':
            camera.send(index * PERIOD_S)
        elif step == 'executor':
            camera.executor()
        elif (item := queue.take()) is not None:
            assert item == camera.sent
            done.append(item)
            assert queue.counts.received == camera.sent
            assert queue.counts.dropped == camera.sent - len(done)
    assert done == sorted(set(done))


def test_while_the_worker_keeps_up_none_is_dropped():
    queue = NewestImageQueue(ImageCounts())
    camera = Camera(queue)
    for _ in range(10):
        camera.send()
        assert queue.wait()
        assert queue.take() == camera.sent
    assert (queue.counts.received, queue.counts.dropped) == (10, 0)


def test_under_load_no_more_is_taken_than_is_processed_and_the_executor_takes_none():
    queue = NewestImageQueue(ImageCounts())
    camera, start_s = Camera(queue), time.time() - 1000
    camera.send(start_s)
    done = []
    for turn in range(50):
        done.append(queue.take())
        for index in range(4):
            camera.send(start_s + (4 * turn + index + 1) * PERIOD_S)
        assert not camera.delivers
    assert camera.taken == len(done)
    assert done == [1 + 4 * turn for turn in range(50)]
    assert (queue.counts.received, queue.counts.dropped) == (done[-1], done[-1] - 50)


def test_a_camera_faster_than_its_images_can_be_taken_does_not_hold_the_worker():
    queue = NewestImageQueue(ImageCounts())
    camera = Camera(queue)
    camera.send()
    assert queue.take() == 1
    camera.send()
    endless = 100

    def take():  # as when the next image has arrived before this one is out
        nonlocal endless
        endless -= 1
        assert endless, 'the worker does not come back'
        item = Camera.take(camera)
        camera.send()
        return item

    camera.take = take
    item = queue.take()
    assert camera.sent - 2 <= item <= camera.sent
    assert queue.counts.received == item
    assert queue.counts.dropped == item - 2


def test_enabling_what_is_enabled_loses_no_count():
    queue = NewestImageQueue(ImageCounts())
    camera, start_s = Camera(queue), time.time() - 1000
    for number in range(10):
        camera.send(start_s + number * PERIOD_S)
    first = queue.take()
    for number in range(10, 20):
        camera.send(start_s + number * PERIOD_S)
    queue.enable(True)  # somebody asks for it every now and then
    last = queue.take()
    assert first < last == camera.sent
    # Those before the first one that is taken are not known.
    assert (queue.counts.received, queue.counts.dropped) == (11, 9)


def test_without_sequence_numbers_all_are_delivered():
    queue = NewestImageQueue(ImageCounts())
    camera = Camera(queue, counts=False)
    camera.send()
    assert queue.take() == 1
    for _ in range(9):
        camera.send()
    assert camera.delivers
    assert queue.take() == 10
    assert (queue.counts.received, queue.counts.dropped) == (10, 8)


def test_a_publisher_with_numbers_after_one_without_is_taken_from_again():
    queue = NewestImageQueue(ImageCounts())
    camera = Camera(queue, counts=False)
    camera.send()
    assert queue.take() == 1
    camera._counts = True
    camera.send()  # delivered: the last one
    assert not camera.delivers
    assert queue.take() == 2
    camera.send()
    assert queue.wait()
    assert queue.take() == 3


@pytest.mark.parametrize('counts', [True, False])
def test_an_item_that_was_taken_is_not_kept(counts):
    queue = NewestImageQueue(ImageCounts())
    camera, images = Camera(queue, counts=counts), [np.zeros(1) for _ in range(6)]
    held = [weakref.ref(image) for image in images]
    while images:
        number = len(images) if counts else None
        camera.left.append(Arrival(images.pop(), time.time(), number and 7 - number))
        camera.executor()
        if len(images) % 2 == 0:
            assert queue.take() is not None
    assert not any(one() is not None for one in held)


def test_a_worker_that_waits_is_woken_to_end():
    queue = NewestImageQueue(ImageCounts())
    ended, arrived = Event(), Event()
    camera = Camera(queue)
    camera.wait, camera.wake = lambda: bool(arrived.wait(PATIENCE_S) and camera.left), arrived.set
    worker = Thread(target=lambda: queue.wait() or ended.set(), daemon=True)
    worker.start()
    queue.close()
    worker.join(PATIENCE_S)
    assert ended.is_set()


def test_a_restarted_camera_loses_nothing():
    queue = NewestImageQueue(ImageCounts())
    camera = Camera(queue, first=1000)
    camera.send()
    assert queue.take() == 1
    camera = Camera(queue, first=1)
    camera.send()
    assert queue.take() == 1
    assert (queue.counts.received, queue.counts.dropped) == (2, 0)


def test_two_publishers_on_one_topic_do_not_count_as_thousands_of_images():
    queue = NewestImageQueue(ImageCounts())
    camera, start_s = Camera(queue), time.time() - 1000
    camera.send(start_s)
    for index in range(1, 20):
        queue.take()
        # Alternating: one that has just begun, and one that runs for long.
        camera._first = 100_000 * (index % 2)
        camera.send(start_s + index * PERIOD_S)
    assert queue.counts.received <= 20 * PERIOD_S / 1e-3


def test_lost_images_do_not_count_as_dropped():
    queue = NewestImageQueue(ImageCounts())
    for number in (1, 5, 6):
        queue.put(Arrival(number, time.time(), number))
        assert queue.take() == number
    assert (queue.counts.received, queue.counts.dropped) == (3, 0)


@pytest.mark.parametrize('busy', [False, True])
def test_while_disabled_nothing_is_kept_for_later(busy):
    queue = NewestImageQueue(ImageCounts())
    camera = Camera(queue)
    camera.send()
    if busy:
        assert queue.take() == 1
        camera.send()
    queue.enable(False)
    for _ in range(5):
        camera.send()
    before = queue.counts.received
    queue.enable(True)
    assert queue.take() is None
    camera.send()
    assert queue.take() == camera.sent
    assert queue.counts.received == before + 1


def test_the_arrival_of_the_newest_is_estimated_without_taking_it():
    queue = NewestImageQueue(ImageCounts())
    camera = Camera(queue)
    now_s = time.time()
    camera.send(now_s - 10.5 * PERIOD_S)
    assert queue.take() == 1
    camera.send(now_s - 9.5 * PERIOD_S)
    assert queue.take() == 2
    assert queue.newest_s() == pytest.approx(now_s - 0.5 * PERIOD_S, abs=PERIOD_S / 3)


def test_once_closed_it_returns_nothing_and_does_not_wait():
    queue = NewestImageQueue(ImageCounts())
    camera = Camera(queue)
    queue.close()
    camera.send()
    assert not queue.wait()
    assert queue.take() is None


def test_lost_images_and_those_replaced_in_dds_are_counted_apart():
    queue = NewestImageQueue(ImageCounts())
    start_s = time.time() - 10
    # Of 10 images one is lost, and two are replaced while the executor is late.
    for number, lost in ((1, 0), (2, 0), (4, 1), (5, 1), (8, 1), (9, 1), (10, 1)):
        queue.put(Arrival(number, start_s + number * PERIOD_S, number, lost))
        assert queue.take() == number
    assert queue.counts == ImageCounts(received=9, dropped=2, lost=1)


def test_while_disabled_nothing_counts_as_lost():
    queue = NewestImageQueue(ImageCounts())
    queue.put(Arrival(1, 1.0, 1, 0))
    queue.enable(False)
    queue.put(Arrival(2, 2.0, 50, 40))
    queue.enable(True)
    queue.put(Arrival(3, 3.0, 100, 80))
    queue.put(Arrival(4, 3.1, 102, 81))
    assert queue.counts.lost == 1


def test_counters_go_on_in_the_next_queue():
    counts = ImageCounts()
    for _ in range(2):
        queue = NewestImageQueue(counts)
        for number in (1, 2, 3):
            queue.put(Arrival(number, float(number)))
        queue.close()
    assert (counts.received, counts.dropped) == (6, 4)
