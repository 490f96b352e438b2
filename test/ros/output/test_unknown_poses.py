"""A pose that is not known is NaN in the message, on every way to it; never identity or zero."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ideal_faces import CAMERAS, IMAGE_WH, View
from std_msgs.msg import Header

from facemesh_ros.attributes.head_estimator import HeadEstimator
from facemesh_ros.consumer import head_pose
from facemesh_ros.geometry.shape_model import load_shape_model
from facemesh_ros.msg import FaceMesh
from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.types import Frame, MetricFaces, PixelOrder
from test.ros.output.published import faces_msg
from test.ros.output.random_faces import random_faces

CAMERA = CAMERAS['pinhole']
IMAGE = np.zeros(IMAGE_WH[::-1], np.uint8)
CALIBRATED = Frame(IMAGE, PixelOrder.MONO, 0, CAMERA)
UNCALIBRATED = Frame(IMAGE, PixelOrder.MONO)  # no camera_info has come, or it is refused
SEEN = View((640, 480), 0.6, 10, 0).of(CAMERA, load_shape_model().mean_m).landmarks(CAMERA)
NO_FACE = np.where(np.arange(468)[:, None] == 7, np.nan, SEEN)
POINT = np.broadcast_to(SEEN[4], SEEN.shape)


def received_faces(metric: MetricFaces, landmarks: int = 468) -> list[FaceMesh]:
    """The messages of faces that are so placed, as a subscriber has them."""
    count = len(metric.sources)
    faces = replace(random_faces(list(range(1, count + 1)), 1, landmarks), metric=metric)
    counts = ImageCounts(received=1, dropped=0, lost=0, too_old=0, failed=0, processed=1)
    return faces_msg(faces, Header(), IMAGE_WH, counts).faces


def pose_numbers(face: FaceMesh) -> np.ndarray:
    position, turn = face.pose.pose.position, face.pose.pose.orientation
    return np.array([position.x, position.y, position.z, turn.x, turn.y, turn.z, turn.w])


def assert_known_or_nan(face: FaceMesh) -> None:
    numbers = pose_numbers(face)
    if face.metric_source == FaceMesh.METRIC_NONE:
        everything = [*numbers, *face.pose.covariance, *face.gaze_left, *face.gaze_right]
        assert np.isnan([*everything, face.gaze_sigma, face.reprojection_error]).all()
        assert len(face.landmarks_metric) == 0
        assert np.isnan(head_pose(face)[:3]).all()
    else:
        assert np.isfinite(numbers).all()
        assert np.linalg.norm(numbers[3:]) == pytest.approx(1)
        assert len(face.landmarks_metric) == 3 * face.landmark_count


@pytest.mark.parametrize(
    ('frame', 'mode', 'known'),
    [
        (CALIBRATED, 'auto', True),
        (CALIBRATED, 'canonical', True),
        (CALIBRATED, 'none', False),
        (CALIBRATED, 'depth', False),  # no depth image is there
        (CALIBRATED, 'iris', False),  # a model without irises
        (UNCALIBRATED, 'auto', False),
        (UNCALIBRATED, 'canonical', False),
        (UNCALIBRATED, 'none', False),
    ],
)
def test_each_way_to_a_pose_and_to_none(frame, mode, known):
    metric = HeadEstimator().update(np.array([1]), SEEN[None].astype(np.float32), frame, mode)
    (face,) = received_faces(metric)
    assert (face.metric_source != FaceMesh.METRIC_NONE) == known
    assert_known_or_nan(face)


@given(st.permutations([SEEN, NO_FACE, POINT, SEEN]))
def test_one_face_without_a_pose_among_others_that_have_one(several):
    landmarks = np.stack(several).astype(np.float32)
    metric = HeadEstimator().update(np.arange(1, 5), landmarks, CALIBRATED, 'auto')
    faces = received_faces(metric)
    placed = [face.metric_source != FaceMesh.METRIC_NONE for face in faces]
    assert placed == [each is SEEN for each in several]
    for face in faces:
        assert_known_or_nan(face)


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_any_mixture_of_sources(seed, count):
    metric = random_faces(list(range(count)), seed, metric=True).metric
    for face in received_faces(metric, 478):
        assert_known_or_nan(face)


def test_a_calibration_that_is_lost_takes_the_pose_with_it():
    """Nothing of the last image's pose is said of this one."""
    estimator, seen = HeadEstimator(), SEEN[None].astype(np.float32)
    for frame, known in ((CALIBRATED, True), (UNCALIBRATED, False), (CALIBRATED, True)):
        (face,) = received_faces(estimator.update(np.array([1]), seen, frame, 'auto'))
        assert (face.metric_source != FaceMesh.METRIC_NONE) == known
        assert_known_or_nan(face)
