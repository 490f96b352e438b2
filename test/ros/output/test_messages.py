"""The message of an image: every number of its faces, as a subscriber reads it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header

from facemesh_ros.msg import FaceMesh, FaceMeshArray
from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.ros.output.messages import array_msg_from_faces
from test.ros.output.random_faces import LANDMARKS, random_faces

HEADER = Header(frame_id='camera_optical_frame')
COUNTS = ImageCounts(received=9, dropped=3, lost=4, too_old=6, failed=5, processed=2)


@pytest.mark.parametrize('blendshapes', [0, 52])
@pytest.mark.parametrize('ids', [[], [7], [3, 99_999, 100_000, 12]])
def test_faces(ids, blendshapes):
    faces = random_faces(ids, len(ids), blendshapes=blendshapes)
    msg = array_msg_from_faces(faces, HEADER, (640, 480), COUNTS)
    received = deserialize_message(serialize_message(msg), FaceMeshArray)
    assert received.header == HEADER
    assert (received.image_width, received.image_height) == (640, 480)
    assert (received.dropped_images, received.lost_images, received.failed_images) == (3, 4, 5)
    assert received.filtered == faces.filtered
    assert math.isnan(received.latency)
    assert [face.id for face in received.faces] == [f'f{number:05}' for number in sorted(ids)]
    for index, face in enumerate(received.faces):
        assert_same(face, faces, index)


def assert_same(face, faces, index):
    rois = faces.rois
    for found, expected in (
        (face.state, faces.states[index]),
        (face.age, faces.ages[index]),
        (face.detection_score, faces.detection_scores[index]),
        (face.presence, faces.presences[index]),
        (face.box, faces.boxes_xyxy[index]),
        (face.roi, [*rois.centres[index], *rois.sizes_wh[index], rois.rotations_rad[index]]),
        (face.jitter, faces.jitters_px[index]),
        (face.landmarks, faces.landmarks[index].ravel()),
        (face.blendshapes, faces.blendshapes[index]),
        ([*face.gaze_left, *face.gaze_right, face.reprojection_error], [math.nan] * 7),
    ):
        np.testing.assert_array_equal(np.float32(found), np.float32(expected))
    assert face.landmark_count == LANDMARKS
    assert face.metric_source == FaceMesh.METRIC_NONE
    assert len(face.landmarks_metric) == 0
