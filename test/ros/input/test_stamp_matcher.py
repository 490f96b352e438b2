"""Images and faces are paired by their stamp alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.ros.input.stamp_matcher import MOST_WAITING, StampMatcher


def paired(matcher, arrivals):
    """Put arrivals, (whether it is an image, stamp), and return the stamps of the pairs."""
    pairs = [
        (matcher.put_image if is_image else matcher.put_faces)(stamp, (is_image, stamp))
        for is_image, stamp in arrivals
    ]
    found = [pair for pair in pairs if pair is not None]
    assert all(image == (True, faces[1]) and not faces[0] for image, faces in found)
    return [image[1] for image, _ in found]


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(1, 30), st.integers(0, 20))
def test_results_that_come_late_or_early_find_their_image(delays, first, early):
    """Each stream is in order; the other one is up to 5 messages behind, or ahead."""
    images = [(number, True, first + number) for number in range(len(delays))]
    behind = [
        (number + (delay if early % 2 else -delay) + 0.5, False, first + number)
        for number, delay in enumerate(delays)
    ]
    behind.sort(key=lambda item: item[2])
    places = sorted(place for place, _, _ in behind)
    faces = [(place, False, stamp) for place, (_, _, stamp) in zip(places, behind, strict=True)]
    arrivals = [(is_image, stamp) for _, is_image, stamp in sorted(images + faces)]
    assert paired(StampMatcher(), arrivals) == [first + number for number in range(len(delays))]


def test_nothing_is_paired_with_another_stamp_or_without_one():
    assert paired(StampMatcher(), [(True, 1), (False, 2), (True, 0), (False, 0)]) == []


def test_images_whose_results_never_come_are_dropped():
    matcher = StampMatcher()
    skipped = [(True, stamp) for stamp in range(1, MOST_WAITING + 2)]
    assert paired(matcher, [*skipped, (False, 1)]) == []
    assert paired(matcher, [(False, MOST_WAITING + 1)]) == [MOST_WAITING + 1]
    # The node takes images in their order: those before will not be answered.
    assert paired(matcher, [(False, MOST_WAITING)]) == []


def test_a_recording_that_starts_again_is_paired_again():
    matcher = StampMatcher()
    loop = [(is_image, stamp) for stamp in (1, 2, 3) for is_image in (True, False)]
    assert paired(matcher, loop * 2) == [1, 2, 3, 1, 2, 3]


def test_what_was_cleared_is_not_paired():
    matcher = StampMatcher()
    paired(matcher, [(True, 1), (False, 2)])
    matcher.clear()
    assert paired(matcher, [(False, 1), (True, 2)]) == []
