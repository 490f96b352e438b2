"""The message of an image: every number of its faces, as a subscriber reads it."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header

from facemesh_ros.assembly.face_sensor import ModelInfo
from facemesh_ros.geometry.canonical_face import load_topology
from facemesh_ros.inference.hardware import NvidiaDriver
from facemesh_ros.inference.provider_report import ModelReport, ProviderReport
from facemesh_ros.msg import FaceMesh, FaceMeshArray, FaceMeshInfo
from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.ros.output.messages import info_msg
from test.ros.output.published import faces_msg
from test.ros.output.random_faces import LANDMARKS, random_faces

README = (Path(__file__).parents[3] / 'README.md').read_text()
HEADER = Header(frame_id='camera_optical_frame')
REPORT = ProviderReport(
    0, NvidiaDriver(), {'v2': ModelReport('CPUExecutionProvider', 'fp32', {}, 1.0, 2.0)}
)
MODEL = ModelInfo('v2', LANDMARKS, 'abc', 'short_range', ('mouthSmileLeft',), REPORT)
COUNTS = ImageCounts(received=9, dropped=3, lost=4, too_old=6, failed=5, processed=2)


@pytest.mark.parametrize('metric', [False, True])
@pytest.mark.parametrize('blendshapes', [0, 52])
@pytest.mark.parametrize('ids', [[], [7], [3, 99_999, 100_000, 12]])
def test_faces(ids, blendshapes, metric):
    faces = random_faces(ids, len(ids), blendshapes=blendshapes, metric=metric)
    received = faces_msg(faces, HEADER, (640, 480), COUNTS)
    assert received.header == HEADER
    assert (received.image_width, received.image_height) == (640, 480)
    assert (received.dropped_images, received.lost_images, received.failed_images) == (3, 4, 5)
    assert received.filtered == faces.filtered
    assert math.isnan(received.latency)
    assert [face.id for face in received.faces] == [f'f{number:05}' for number in sorted(ids)]
    for index, face in enumerate(received.faces):
        assert_same(face, faces, index)


def assert_same(face, faces, index):
    rois, metric = faces.rois, faces.metric
    is_metric = metric.sources[index] != FaceMesh.METRIC_NONE
    for found, expected in (
        (face.state, faces.states[index]),
        (face.age, faces.ages[index]),
        (face.detection_score, faces.detection_scores[index]),
        (face.last_detection_score, faces.last_detection_scores[index]),
        (face.last_detection_age, faces.last_detection_ages[index]),
        (face.presence, faces.presences[index]),
        (face.box, faces.boxes_xyxy[index]),
        (face.roi, [*rois.centres[index], *rois.sizes_wh[index], rois.rotations_rad[index]]),
        (face.jitter, faces.jitters_px[index]),
        (face.landmarks, faces.landmarks[index].ravel()),
        (face.blendshapes, faces.blendshapes[index]),
        (face.metric_source, metric.sources[index]),
        (face.landmarks_metric, metric.landmarks_m[index].ravel() if is_metric else []),
        (face.gaze_left, metric.gazes_left[index]),
        (face.gaze_right, metric.gazes_right[index]),
        (face.gaze_sigma, metric.gaze_sigmas_rad[index]),
        (face.reprojection_error, metric.reprojection_errors_px[index]),
        (face.pose.covariance, metric.covariances[index].ravel()),
    ):
        np.testing.assert_array_equal(np.float32(found), np.float32(expected))
    assert face.landmark_count == LANDMARKS
    assert_same_pose(face.pose.pose, metric, index)


def assert_same_pose(pose, metric, index):
    """By the definition of a quaternion: v' = v + 2 w (q x v) + 2 q x (q x v)."""
    position, turn = pose.position, pose.orientation
    np.testing.assert_array_equal([position.x, position.y, position.z], metric.positions_m[index])
    axis, w = np.array([turn.x, turn.y, turn.z]), turn.w
    for column, vector in enumerate(np.eye(3)):
        across = np.cross(axis, vector)
        turned = vector + 2 * w * across + 2 * np.cross(axis, across)
        np.testing.assert_allclose(turned, metric.rotations[index][:, column], atol=1e-9)


def test_the_info_says_what_the_landmarks_are():
    """A consumer finds the points it needs by name, and the model of an average head."""
    for landmarks in (468, LANDMARKS):
        msg = info_msg(MODEL, load_topology(landmarks), HEADER)
        received = deserialize_message(serialize_message(msg), FaceMeshInfo)
        assert (received.execution_provider, received.provider_report[:28]) == (
            'CPUExecutionProvider', 'CPUExecutionProvider on CPU;'
        )  # fmt: skip
        points = dict(zip(received.point_names, received.point_landmarks, strict=True))
        assert max(points.values()) < landmarks
        assert ('left_iris' in points) == (landmarks == LANDMARKS)
        face_m = np.asarray(received.canonical_face).reshape(landmarks, 3)
        assert face_m[points['sellion']].tolist() == [0, 0, 0]
        assert face_m[:, 0].argmax() == points['nose_tip']
        assert face_m[points['left_eye_outer'], 1] > 0.04
        assert face_m[points['chin'], 2] < -0.1
        if landmarks == LANDMARKS:
            # Irises of adults are 11.7 mm wide; their rims enclose their centres.
            ring = face_m[474:478]
            assert ring.mean(axis=0) == pytest.approx(face_m[points['left_iris']], abs=1e-6)
            assert np.ptp(ring[:, 1]) == pytest.approx(0.0117, abs=1e-5)
        pairs = np.asarray(received.contours).reshape(-1, 2)
        np.testing.assert_array_equal(pairs, load_topology(landmarks).contours)


def test_the_examples_of_the_readme_read_the_message():
    faces = random_faces(list(range(1, 33)), 1, metric=True)
    assert len(np.unique(faces.metric.sources)) == 4
    assert 0 < np.isfinite(faces.metric.gaze_sigmas_rad).sum() < 32
    msg = faces_msg(faces, HEADER, (640, 480), COUNTS)
    info = info_msg(MODEL, load_topology(LANDMARKS), HEADER)
    names = {'np': np, 'FaceMeshArray': FaceMeshArray, 'info': info}
    sources = re.findall(r'```python\n(.*?)```', README, re.S)
    assert len(sources) == 2
    for source in sources:  # in the order of the page: the second goes on with the first's names
        exec(source, names)
        with np.errstate(invalid='ignore'):  # variances that are random numbers
            names['on_faces'](msg)
