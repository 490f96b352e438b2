"""Who takes slowly gets the newest of each stream, each stream in its turn."""

from __future__ import annotations

from threading import Thread

from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.ros.viewer.newest_of_each import NewestOfEach


@given(st.lists(st.sampled_from('abc'), min_size=1, max_size=30))
def test_of_each_stream_the_newest_is_taken_in_the_order_of_their_first(streams):
    waiting = NewestOfEach[tuple[str, int]]()
    for number, stream in enumerate(streams):
        waiting.put(stream, (stream, number))
    newest = {stream: number for number, stream in enumerate(streams)}
    in_order = list(dict.fromkeys(streams))
    assert [waiting.take() for _ in in_order] == [(it, newest[it]) for it in in_order]


def test_a_stream_that_sends_much_keeps_no_other_from_its_turn():
    waiting = NewestOfEach[str]()
    taken = []
    waiting.put('quiet', 'quiet')
    for _ in range(3):
        waiting.put('busy', 'busy')
        taken.append(waiting.take())
        waiting.put('busy', 'busy')
    assert taken[0] == 'quiet'


def test_closing_ends_a_wait_and_drops_what_is_there():
    waiting = NewestOfEach[str]()
    taken = []
    thread = Thread(target=lambda: taken.append(waiting.take()))
    thread.start()
    waiting.close()
    thread.join()
    waiting.put('late', 'late')
    assert [*taken, waiting.take()] == [None, None]
