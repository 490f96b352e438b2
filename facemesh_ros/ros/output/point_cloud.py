"""Faces as a point cloud."""

from __future__ import annotations

import array

import numpy as np
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

from facemesh_ros.messages.scene import SceneFaces

POINT = np.dtype([('x', '<f4'), ('y', '<f4'), ('z', '<f4'), ('index', '<u4'), ('face', '<u4')])
FIELDS = [
    PointField(
        name=name,
        offset=POINT.fields[name][1],
        datatype=PointField.FLOAT32 if POINT[name].kind == 'f' else PointField.UINT32,
        count=1,
    )
    for name in POINT.names
]


def points_msg(scene: SceneFaces, header: Header) -> PointCloud2:
    """Build a cloud of points x y z in m, with the landmark's index and the face's number.

    Args:
        scene: The faces in header.frame_id.
        header: Of the image, in the frame of the scene.
    """
    points = np.empty(scene.points_m.shape[:2], POINT)
    points['x'], points['y'], points['z'] = np.moveaxis(scene.points_m, 2, 0)
    points['index'] = np.arange(points.shape[1])
    points['face'] = scene.ids[:, None]
    cloud = PointCloud2(
        header=header,
        height=1,
        width=points.size,
        fields=FIELDS,
        is_bigendian=False,
        is_dense=bool(np.isfinite(scene.points_m).all()),
        point_step=POINT.itemsize,
        row_step=points.nbytes,
    )
    # From an array.array: assigning bytes would check each of them.
    cloud.data = array.array('B')
    cloud.data.frombytes(points.tobytes())
    return cloud
