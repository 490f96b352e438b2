"""What arrives, what is left in the middleware, what is replaced: all of it is known."""

from __future__ import annotations

import time
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.ros.input.arrivals import Arrival
from facemesh_ros.ros.input.newest_image_queue import NewestImageQueue

PERIOD_S = 0.03


class Camera:
    """Sends numbers to an inbox; what is left waits in a middleware that keeps the last few."""

    def __init__(self, inbox, depth=1, *, counts=True, first=1):
        self.inbox, self.left = inbox, deque(maxlen=depth)
        self.delivers, self.sent, self.taken = True, 0, 0
        self._counts, self._first = counts, first
        inbox.draw_from(self)

    def send(self, at_s=None):
        self.sent += 1
        number = self._first + self.sent if self._counts else None
        self.left.append(Arrival(self.sent, time.time() if at_s is None else at_s, number))
        self._hand_over()

    def deliver(self, wanted):
        self.delivers = wanted

    def executor(self):
        """The executor's thread has its time."""
        self._hand_over()

    def _hand_over(self):
        while self.delivers and self.left:
            self.taken += 1
            self.inbox.put(self.left.popleft())

    def take(self):
        assert not self.delivers
        self.taken += bool(self.left)
        return self.left.popleft() if self.left else None


def worked(inbox):
    """One turn."""
    item = inbox.take()
    inbox.finish()
    return item


turns = st.sampled_from(['send', 'begin', 'end', 'executor'])


@settings(max_examples=1000, deadline=None)
@given(st.lists(turns, max_size=60), st.integers(1, 3), st.booleans())
def test_the_newest_is_worked_on_and_every_other_is_counted(steps, depth, counts):
    inbox = NewestImageQueue(ImageCounts())
    camera, done, busy = Camera(inbox, depth, counts=counts), [], False
    for index, step in enumerate(steps):
        if step == 'send':
            # As if it had been sent long ago: then the next one is always due.
            camera.send(index * PERIOD_S)
        elif step == 'executor':
            camera.executor()
        elif step == 'end' and busy:
            inbox.finish()
            busy = False
        elif step == 'begin' and not busy:
            busy = True
            if (item := inbox.take()) is not None:
                assert item == camera.sent
                done.append(item)
                assert inbox.counts.received == camera.sent
                assert inbox.counts.dropped == camera.sent - len(done)
    assert done == sorted(set(done))


def test_while_it_keeps_up_nothing_is_left():
    inbox = NewestImageQueue(ImageCounts())
    camera = Camera(inbox)
    for _ in range(10):
        camera.send()
        assert worked(inbox) == camera.sent
        assert camera.delivers
    assert (inbox.counts.received, inbox.counts.dropped) == (10, 0)


def test_under_load_no_more_is_taken_than_is_worked_on():
    inbox = NewestImageQueue(ImageCounts())
    camera, start_s = Camera(inbox), time.time() - 1000
    camera.send(start_s)
    done = []
    for turn in range(50):
        done.append(inbox.take())
        for index in range(4):
            camera.send(start_s + (4 * turn + index + 1) * PERIOD_S)
        inbox.finish()
        camera.executor()
    assert camera.taken <= len(done) + 2
    assert done == [1 + 4 * turn for turn in range(50)]
    assert (inbox.counts.received, inbox.counts.dropped) == (done[-1] + 0, done[-1] - 50)


def test_where_nobody_counts_all_are_taken():
    inbox = NewestImageQueue(ImageCounts())
    camera = Camera(inbox, counts=False)
    camera.send()
    assert inbox.take() == 1
    for _ in range(9):
        camera.send()
    inbox.finish()
    assert camera.delivers
    assert inbox.take() == 10
    assert (inbox.counts.received, inbox.counts.dropped) == (10, 8)


def test_a_camera_that_stops_under_load_is_listened_to_again():
    inbox = NewestImageQueue(ImageCounts())
    camera = Camera(inbox)
    camera.send(time.time() - 1)
    assert inbox.take() == 1
    camera.send(time.time() - 0.9)
    inbox.finish()
    assert not camera.delivers  # the third should have come long ago
    assert inbox.wait()
    assert worked(inbox) == 2
    assert inbox.wait()
    assert worked(inbox) is None
    assert camera.delivers
    camera.send()
    assert worked(inbox) == 3


def test_while_others_wait_for_their_turns_what_is_not_due_yet_is_left_too():
    inbox = NewestImageQueue(ImageCounts())
    camera = Camera(inbox)
    camera.send(time.time() - PERIOD_S)
    assert inbox.take() == 1
    camera.send(time.time())
    inbox.finish(crowded=True)
    assert inbox.take() == 2
    inbox.finish(crowded=True)
    assert not camera.delivers
    assert inbox.wait()
    camera.send()
    assert worked(inbox) == 3
    assert camera.delivers
    assert (inbox.counts.received, inbox.counts.dropped, camera.taken) == (3, 0, 3)


def test_a_camera_that_starts_anew_loses_nothing():
    inbox = NewestImageQueue(ImageCounts())
    camera = Camera(inbox, first=1000)
    camera.send()
    assert worked(inbox) == 1
    camera = Camera(inbox, first=1)
    camera.send()
    assert worked(inbox) == 1
    assert (inbox.counts.received, inbox.counts.dropped) == (2, 0)


def test_two_publishers_on_one_topic_are_not_taken_for_thousands_of_images():
    inbox = NewestImageQueue(ImageCounts())
    camera, start_s = Camera(inbox), time.time() - 1000
    camera.send(start_s)
    for index in range(1, 20):
        inbox.take()
        # In turn one that has just begun and one that runs for long.
        camera._first = 100_000 * (index % 2)
        camera.send(start_s + index * PERIOD_S)
        inbox.finish(crowded=True)
    assert inbox.counts.received <= 20 * PERIOD_S / 1e-3


def test_what_the_way_loses_is_not_said_to_be_dropped():
    inbox = NewestImageQueue(ImageCounts())
    for number in (1, 5, 6):
        inbox.put(Arrival(number, time.time(), number))
        assert worked(inbox) == number
    assert (inbox.counts.received, inbox.counts.dropped) == (3, 0)


@pytest.mark.parametrize('busy', [False, True])
def test_who_is_disabled_leaves_nothing_to_be_taken_later(busy):
    inbox = NewestImageQueue(ImageCounts())
    camera = Camera(inbox)
    camera.send()
    if busy:
        assert inbox.take() == 1
        camera.send()
        assert not camera.delivers
    inbox.enable(False)
    for _ in range(5):
        camera.send()
    before = inbox.counts.received
    inbox.enable(True)
    if busy:
        inbox.finish()
    worked(inbox)
    camera.send()
    assert worked(inbox) == camera.sent
    assert inbox.counts.received == before + 1


def test_the_newest_is_known_without_taking_it():
    inbox = NewestImageQueue(ImageCounts())
    camera = Camera(inbox)
    now_s = time.time()
    camera.send(now_s - 10.5 * PERIOD_S)
    assert inbox.take() == 1
    camera.send(now_s - 9.5 * PERIOD_S)
    assert inbox.newest_s() == pytest.approx(now_s - 0.5 * PERIOD_S, abs=PERIOD_S / 3)


def test_after_the_end_nobody_waits_and_nothing_comes():
    inbox = NewestImageQueue(ImageCounts())
    camera = Camera(inbox)
    inbox.end()
    camera.send()
    assert not inbox.wait()
    assert inbox.take() is None


def test_lost_on_the_way_and_replaced_before_the_executor_came_are_counted_apart():
    inbox = NewestImageQueue(ImageCounts())
    start_s = time.time() - 10
    # Of 10 images one is lost, and two are replaced while the executor is late.
    for number, lost in ((1, 0), (2, 0), (4, 1), (5, 1), (8, 1), (9, 1), (10, 1)):
        inbox.put(Arrival(number, start_s + number * PERIOD_S, number, lost))
        assert worked(inbox) == number
    assert inbox.counts == ImageCounts(received=9, dropped=2, lost=1)


def test_while_it_is_disabled_nothing_is_lost():
    inbox = NewestImageQueue(ImageCounts())
    inbox.put(Arrival(1, 1.0, 1, 0))
    inbox.enable(False)
    inbox.put(Arrival(2, 2.0, 50, 40))
    inbox.enable(True)
    inbox.put(Arrival(3, 3.0, 100, 80))
    inbox.put(Arrival(4, 3.1, 102, 81))
    assert inbox.counts.lost == 1


def test_counters_go_on_in_the_next_inbox():
    counts = ImageCounts()
    for _ in range(2):
        inbox = NewestImageQueue(counts)
        for number in (1, 2, 3):
            inbox.put(Arrival(number, float(number)))
        inbox.end()
    assert (counts.received, counts.dropped) == (6, 4)
