"""Jitter: how much the filter removed within the last second."""

from __future__ import annotations

import numpy as np
import pytest

from facemesh_ros.native import JitterMeter

pytestmark = pytest.mark.filterwarnings('error')
SECOND_NS = 1_000_000_000


def faces(*offsets_px) -> np.ndarray:
    """Return faces whose landmarks are off by (3, 4) px times a number, and anywhere in depth."""
    shift = np.multiply.outer(offsets_px, [3, 4, 99])
    return np.broadcast_to(shift[:, None], (len(offsets_px), 5, 3)).astype(np.float32)


def test_it_is_the_root_mean_square_of_distances_in_the_image():
    meter, ids = JitterMeter(), np.array([4, 7])
    filtered = faces(0, 0)
    assert meter.update(ids, faces(1, 2), filtered, 0) == pytest.approx([5, 10])
    expected = [5 / 2**0.5, (10**2 / 2 + 5**2 / 2) ** 0.5]
    assert meter.update(ids, faces(0, 1), filtered, SECOND_NS // 2) == pytest.approx(expected)


def test_only_the_last_second_counts_and_each_face_by_itself():
    meter, one = JitterMeter(), np.array([1])
    for stamp_ns, offset in ((0, 2), (SECOND_NS // 2, 0), (SECOND_NS, 0)):
        found = meter.update(one, faces(offset), faces(0), stamp_ns)
    assert found == pytest.approx([0])
    assert meter.update(np.array([2]), faces(1), faces(0), SECOND_NS) == pytest.approx([5])


@pytest.mark.parametrize('restart', ['reset', 'time goes back'])
def test_it_restarts(restart):
    meter, one = JitterMeter(), np.array([1])
    meter.update(one, faces(2), faces(0), SECOND_NS)
    if restart == 'reset':
        meter.reset()
    later_ns = SECOND_NS if restart == 'reset' else SECOND_NS - 1
    assert meter.update(one, faces(1), faces(0), later_ns) == pytest.approx([5])


def test_no_faces_are_no_error():
    none = np.empty((0, 5, 3), np.float32)
    assert JitterMeter().update(np.empty(0, np.int64), none, none, 0).shape == (0,)
