"""Weighted NMS against a loop over single candidates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.detection.nms import weighted_nms
from facemesh_ros.geometry.boxes import overlaps
from facemesh_ros.types import FaceDetections

pytestmark = pytest.mark.filterwarnings('error')


def area(box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def iou(a, b) -> float:
    shared = area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))
    union = area(a) + area(b) - shared
    return shared / union if union > 0 else 0.0


def nms_by_hand(boxes, points, scores, max_iou):
    left = sorted(range(len(scores)), key=lambda i: -scores[i])
    merged = []
    while left:
        best = left[0]
        group = [i for i in left if i == best or iou(boxes[best], boxes[i]) > max_iou]
        left = [i for i in left if i not in group]
        total = sum(scores[i] for i in group)
        box = [sum(scores[i] * boxes[i][k] for i in group) / total for k in range(4)]
        mean = sum(scores[i] * points[i] for i in group) / total
        merged.append((box, mean, scores[best]))
    return merged


@st.composite
def candidates(draw) -> FaceDetections:
    """Boxes on a coarse grid, so that many overlap; scores all different."""
    count = draw(st.integers(0, 12))
    corners = draw(st.lists(st.tuples(*[st.integers(0, 12)] * 4), min_size=count, max_size=count))
    ranks = draw(st.permutations(range(1, count + 1)))
    boxes = np.float32([(x, y, x + w, y + h) for x, y, w, h in corners]).reshape(-1, 4)
    keypoints = np.random.default_rng(count).normal(size=(count, 6, 2)).astype(np.float32)
    scores = np.float32(ranks) / np.float32(max(count, 1))
    return FaceDetections(boxes, keypoints, scores)


@given(candidates(), st.sampled_from([0.0, 0.31, 0.51, 0.99]))
def test_it_equals_the_loop(found, max_iou):
    merged = weighted_nms(found, max_iou)
    expected = nms_by_hand(
        found.boxes_xyxy.tolist(),
        found.keypoints.astype(float),
        found.scores.tolist(),
        max_iou,
    )
    assert len(merged) == len(expected)
    for index, (box, points, score) in enumerate(expected):
        assert merged.boxes_xyxy[index] == pytest.approx(box, abs=1e-4)
        assert merged.keypoints[index] == pytest.approx(points, abs=1e-4)
        assert merged.scores[index] == np.float32(score)


@given(candidates(), st.floats(0, 1))
def test_scores_come_out_as_they_went_in_best_first(found, max_iou):
    merged = weighted_nms(found, max_iou)
    assert set(merged.scores.tolist()) <= set(found.scores.tolist())
    assert (np.diff(merged.scores) <= 0).all()
    if len(found):
        assert merged.scores[0] == found.scores.max()


@given(candidates())
def test_the_order_of_the_candidates_does_not_matter(found):
    backwards = found[np.arange(len(found))[::-1]]
    expected, merged = weighted_nms(found, 0.31), weighted_nms(backwards, 0.31)
    assert merged.boxes_xyxy == pytest.approx(expected.boxes_xyxy, abs=1e-4)
    assert np.array_equal(merged.scores, expected.scores)


def test_two_views_of_a_face_become_their_weighted_mean():
    boxes = np.float32([[10, 10, 20, 20], [11, 10, 21, 20], [50, 50, 60, 60]])
    keypoints = np.float32(np.stack([np.full((6, 2), 1), np.full((6, 2), 5), np.zeros((6, 2))]))
    merged = weighted_nms(FaceDetections(boxes, keypoints, np.float32([0.9, 0.3, 0.6])), 0.5)
    assert merged.boxes_xyxy == pytest.approx(np.float32([[10.25, 10, 20.25, 20], boxes[2]]))
    assert merged.keypoints[0] == pytest.approx(np.full((6, 2), 2.0))
    assert merged.scores.tolist() == np.float32([0.9, 0.6]).tolist()


def test_the_score_is_no_coordinate():
    """A slice over packed columns once scaled the score too, in MediaPipePyTorch."""
    box = np.float32([[100, 100, 900, 900]])
    merged = weighted_nms(FaceDetections(box, np.full((1, 6, 2), 500.0), np.float32([0.9])), 0.3)
    assert merged.scores[0] == np.float32(0.9)


def test_no_candidates_give_no_faces():
    none = FaceDetections(np.zeros((0, 4)), np.zeros((0, 6, 2)), np.zeros(0))
    merged = weighted_nms(none, 0.3)
    assert merged.boxes_xyxy.shape == (0, 4)
    assert merged.keypoints.shape == (0, 6, 2)
    assert merged.scores.shape == (0,)


def test_candidates_of_score_0_are_merged_too():
    """A very negative logit is a score of exactly 0, which no mean may be divided by."""
    boxes = np.float32([[0, 0, 10, 10], [0, 0, 10, 10], [50, 50, 60, 60]])
    points = np.zeros((3, 6, 2), np.float32)
    merged = weighted_nms(FaceDetections(boxes, points, np.zeros(3, np.float32)), 0.3)
    assert merged.boxes_xyxy.tolist() == boxes[1:].tolist()


coordinates = st.floats(-1e4, 1e4, width=32)


@given(st.lists(st.tuples(*[coordinates] * 4), max_size=6).map(np.float32))
def test_overlap_is_a_symmetric_share(boxes):
    boxes = boxes.reshape(-1, 4)
    iou, _ = overlaps(boxes, boxes)
    assert np.isfinite(iou).all()
    assert (iou >= 0).all()
    assert (iou <= 1 + 1e-3).all()
    assert iou == pytest.approx(iou.T, abs=1e-5)


def test_overlap_of_known_boxes():
    box = np.float32([[0, 0, 2, 2]])
    others = np.float32([[0, 0, 2, 2], [1, 1, 3, 3], [2, 0, 4, 2], [0, 0, 0, 0], [3, 3, 1, 1]])
    assert overlaps(box, others)[0][0] == pytest.approx([1, 1 / 7, 0, 0, 0])
    assert overlaps(others[3:4], others[3:4])[0][0, 0] == 0
