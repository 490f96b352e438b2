"""Faces as a point cloud."""

from __future__ import annotations

from typing import Any

import numpy as np

from facemesh_ros.messages.cdr_writer import CdrWriter
from facemesh_ros.messages.scene import SceneFaces

FIELDS = ('x', '<f4'), ('y', '<f4'), ('z', '<f4'), ('index', '<u4'), ('face', '<u4')
POINT, FIELD_BYTES = np.dtype(list(FIELDS)), 4
# Constants of sensor_msgs/PointField.
DATATYPES = {'<f4': 7, '<u4': 6}


def points_cdr(scene: SceneFaces, header: Any) -> bytes:
    """Return a serialised PointCloud2: x y z in m, the landmark's index and the face's number.

    Args:
        scene: The faces in header.frame_id.
        header: Of the image, in the frame of the scene.
    """
    faces, landmarks, _ = scene.points_m.shape
    points = np.empty((faces, landmarks), POINT)
    points['x'], points['y'], points['z'] = np.moveaxis(scene.points_m, 2, 0)
    points['index'] = np.arange(landmarks)
    points['face'] = scene.ids[:, None]
    is_dense = bool(np.isfinite(scene.points_m).all())
    writer = CdrWriter()
    writer.header(header)
    writer.numbers('III', 1, points.size, len(FIELDS))
    for index, (name, kind) in enumerate(FIELDS):
        writer.text(name)
        writer.numbers('IBI', FIELD_BYTES * index, DATATYPES[kind], 1)
    is_bigendian = False
    writer.numbers('?II', is_bigendian, POINT.itemsize, points.nbytes)
    writer.sequence('B', points.ravel().view(np.uint8))
    writer.numbers('?', is_dense)
    return writer.to_bytes()
