"""What further looks have rejected gets none for some seconds."""

import numpy as np

from facemesh_ros.landmarks.tried_detections import RETRY_NS, TriedDetections

BOXES = np.float32([(0, 0, 40, 40), (100, 100, 140, 140)])
SECOND = 10**9


def test_only_what_was_rejected_waits_and_not_for_ever():
    tried = TriedDetections()
    assert tried.are_due(BOXES, 0).all()
    tried.add(BOXES[:1], 0)
    assert tried.are_due(BOXES + 3, SECOND).tolist() == [False, True]
    assert tried.are_due(BOXES, RETRY_NS).all()


def test_the_wait_begins_anew_with_each_rejection():
    tried = TriedDetections()
    tried.add(BOXES, 0)
    tried.add(BOXES[1:], 2 * SECOND)
    assert tried.are_due(BOXES, RETRY_NS + SECOND).tolist() == [True, False]


def test_reset_forgets():
    tried = TriedDetections()
    tried.add(BOXES, 0)
    tried.reset()
    assert tried.are_due(BOXES, 0).all()
