"""The demo's counts hold whatever the middleware loses or delays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.ros.demo.image_counts import ImageCounts

STAMPS = st.sets(st.integers(1, 30)).map(sorted)


@given(sent=STAMPS, answered=STAMPS, order=st.randoms(use_true_random=False))
def test_every_image_that_both_topics_have_passed_counts_once(sent, answered, order):
    counts = ImageCounts()
    counts.add_sent(0)
    counts.add_answered(0, 0)
    queues = {'sent': list(sent), 'answered': list(answered)}
    # Each topic in its own order, the two in any order between each other.
    topics = ['sent'] * len(sent) + ['answered'] * len(answered)
    order.shuffle(topics)
    for topic in topics:
        stamp = queues[topic].pop(0)
        if topic == 'sent':
            counts.add_sent(stamp)
        else:
            counts.add_answered(stamp, stamp % 3)
        assert counts.sent >= counts.answered
    end = min(max(sent, default=0), max(answered, default=0))
    assert counts.sent == len({stamp for stamp in (0, *sent, *answered) if stamp <= end})
    assert counts.answered == len({stamp for stamp in (0, *answered) if stamp <= end})


def test_what_was_sent_before_the_node_answers_does_not_count():
    counts = ImageCounts()
    for stamp in range(5):
        counts.add_sent(stamp)
    counts.add_answered(4, 1)
    assert (counts.sent, counts.answered) == (1, 1)
