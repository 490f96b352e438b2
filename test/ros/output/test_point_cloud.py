"""The point cloud, with sensor_msgs_py and without: the same bytes, read by the book."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from std_msgs.msg import Header

from facemesh_ros.ros.output import point_cloud as points
from facemesh_ros.ros.output.point_cloud import points_msg
from facemesh_ros.types import Faces, FaceState, Rois

HEADER = Header(frame_id='camera_optical_frame')


def two_faces(landmarks: int) -> Faces:
    count = 2
    return Faces(
        ids=np.array([3, 7]),
        states=np.full(count, FaceState.TRACKED, np.uint8),
        ages=np.ones(count, np.uint32),
        detection_scores=np.ones(count, np.float32),
        presences=np.ones(count, np.float32),
        boxes_xyxy=np.zeros((count, 4), np.float32),
        rois=Rois(*(np.zeros((count, 2), np.float32),) * 2, np.zeros(count, np.float32)),
        landmarks=np.zeros((count, landmarks, 3), np.float32),
        raw_landmarks=np.zeros((count, landmarks, 3), np.float32),
        jitters_px=np.zeros(count, np.float32),
        blendshapes=np.zeros((count, 0), np.float32),
        filtered=False,
    )


@pytest.fixture
def points_m() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)


def test_every_point_is_told_with_its_landmark_and_face(points_m):
    cloud = points_msg(two_faces(5), points_m, HEADER)
    offsets = {field.name: field.offset for field in cloud.fields}
    assert (cloud.width, cloud.height, cloud.row_step) == (10, 1, 10 * cloud.point_step)
    assert cloud.header == HEADER
    data = bytes(cloud.data)
    for number in range(10):
        start = number * cloud.point_step
        xyz = [struct.unpack_from('<f', data, start + offsets[axis])[0] for axis in 'xyz']
        index, face = (
            struct.unpack_from('<I', data, start + offsets[name])[0] for name in ('index', 'face')
        )
        assert xyz == points_m[number // 5, number % 5].tolist()
        assert (index, face) == (number % 5, (3, 7)[number // 5])


def test_sensor_msgs_py_gives_the_same_message(monkeypatch, points_m):
    pytest.importorskip('sensor_msgs_py', reason='comes with a ROS install')
    through_library = points_msg(two_faces(5), points_m, HEADER)
    monkeypatch.setattr(points, 'POINT_CLOUD2', None)
    assert points_msg(two_faces(5), points_m, HEADER) == through_library
