"""Old results are not taken for new ones."""

import math

import pytest
from consumer_messages import received

from facemesh_ros.consumer import LatestFaces, age_s
from facemesh_ros.msg import FaceMeshArray

SECOND = 1_000_000_000
NOW_NS = 1_700_000_000 * SECOND


def taken_at(stamp_ns):
    msg = FaceMeshArray()
    msg.header.stamp.sec, msg.header.stamp.nanosec = divmod(stamp_ns, SECOND)
    return received(msg)


@pytest.mark.parametrize('age_ns', [0, 1, 123_456_789, -5 * SECOND])
def test_the_age_of_an_image(age_ns):
    assert age_s(taken_at(NOW_NS - age_ns).header, NOW_NS) == pytest.approx(age_ns / SECOND)


def test_an_image_without_a_stamp_has_no_age():
    assert math.isnan(age_s(taken_at(0).header, NOW_NS))


@pytest.mark.parametrize(
    ('stamp_ns', 'is_new'),
    [
        (NOW_NS, True),
        (NOW_NS - SECOND // 2, True),
        (NOW_NS - SECOND // 2 - 1, False),  # the node was deactivated, or works off a backlog
        (NOW_NS + SECOND // 10, True),  # clocks that differ a little
        (NOW_NS + 60 * SECOND, False),  # another machine's clock: its ages mean nothing
        (0, False),
    ],
)
def test_only_what_is_new_is_given(stamp_ns, is_new):
    faces = LatestFaces()
    faces(taken_at(stamp_ns))
    assert (faces.at(NOW_NS) is not None) == is_new


def test_nothing_before_the_first_message():
    assert LatestFaces().at(NOW_NS) is None


def test_time_that_goes_back_does_not_keep_old_faces():
    """A bag that begins again: what came last counts."""
    faces = LatestFaces()
    faces(taken_at(NOW_NS))
    faces(taken_at(NOW_NS - 100 * SECOND))
    assert faces.at(NOW_NS) is None
    assert faces.at(NOW_NS - 100 * SECOND) is not None
