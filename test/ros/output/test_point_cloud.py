"""The point cloud, read by the definition of PointCloud2."""

from __future__ import annotations

import struct

from std_msgs.msg import Header

from test.ros.output.published import points_msg
from test.ros.output.random_faces import random_scene

HEADER = Header(frame_id='camera_optical_frame')


def test_every_point_has_its_landmark_and_face():
    scene = random_scene([3, 7], 0, landmarks=5)
    points_m = scene.points_m
    cloud = points_msg(scene, HEADER)
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
