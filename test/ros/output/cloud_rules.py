"""What RViz, PCL, sensor_msgs_py (Open3D's way in) and Foxglove refuse of clouds, or warn of.

Restated from rviz_default_plugins (point_cloud2_display.cpp, point_cloud_common.cpp,
xyz_pc_transformer.cpp), pcl/conversions.h, sensor_msgs_py's point_cloud2.py and Lichtblick
(PointClouds.ts).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sensor_msgs.msg import PointField

from test.ros.output.rules import Rule, tf2_takes

DTYPES = {
    PointField.INT8: 'i1', PointField.UINT8: 'u1', PointField.INT16: 'i2', PointField.UINT16: 'u2',
    PointField.INT32: 'i4', PointField.UINT32: 'u4', PointField.FLOAT32: 'f4',
    PointField.FLOAT64: 'f8',
}  # fmt: skip


def structured(cloud: Any) -> np.ndarray:
    """The points as numpy reads them by the fields of the message, as sensor_msgs_py does."""
    endian = '>' if cloud.is_bigendian else '<'
    layout = {
        'names': [field.name for field in cloud.fields],
        'formats': [endian + DTYPES[field.datatype] for field in cloud.fields],
        'offsets': [field.offset for field in cloud.fields],
        'itemsize': cloud.point_step,
    }
    return np.frombuffer(bytes(cloud.data), np.dtype(layout))


def xyz(cloud: Any) -> np.ndarray:
    """(N, 3) float32, what Open3D's Vector3dVector is made of."""
    points = structured(cloud)
    return np.stack([points[axis] for axis in 'xyz'], axis=1)


def field_of(cloud: Any, name: str) -> Any:
    return next((field for field in cloud.fields if field.name == name), None)


def is_xyz_field(field: Any) -> bool:
    return (
        field is not None and field.datatype == PointField.FLOAT32 and field.count == 1
    ) and field.offset % 4 == 0


def fields_fit(cloud: Any) -> bool:
    """Known types, different names, one behind the other, within a point."""
    if not all(field.datatype in DTYPES and field.count == 1 for field in cloud.fields):
        return False
    spans = sorted(
        (field.offset, field.offset + np.dtype(DTYPES[field.datatype]).itemsize)
        for field in cloud.fields
    )
    ends = [0, *(end for _, end in spans)]
    names = {field.name for field in cloud.fields}
    return (
        len(names) == len(cloud.fields)
        and all(start >= end for (start, _), end in zip(spans, ends[:-1], strict=True))
        and ends[-1] <= cloud.point_step
    )


def says_truly_whether_dense(cloud: Any) -> bool:
    try:
        return cloud.is_dense == bool(np.isfinite(xyz(cloud)).all())
    except (KeyError, ValueError):  # what another rule says
        return True


CLOUD_RULES = (
    Rule('a frame that tf2 takes', 'tf2', lambda cloud: tf2_takes(cloud.header)),
    Rule(
        'x, y and z are FLOAT32, aligned',
        'RViz: No position transformer, PCL: Failed to find exact match, Foxglove',
        lambda cloud: all(is_xyz_field(field_of(cloud, axis)) for axis in 'xyz'),
    ),
    Rule(
        'little endian', 'PCL and RViz do not look, Foxglove: is_bigendian=true is not supported',
        lambda cloud: not cloud.is_bigendian,
    ),
    Rule(
        'as much data as width, height and point_step say', 'RViz: Data size does not match',
        lambda cloud: len(cloud.data) == cloud.width * cloud.height * cloud.point_step,
    ),
    Rule(
        'rows without gaps', 'PCL reads by row_step, RViz and Foxglove without it',
        lambda cloud: cloud.row_step == cloud.width * cloud.point_step,
    ),
    Rule('fields side by side in a point', 'PCL, sensor_msgs_py, Foxglove', fields_fit),
    Rule('is_dense says whether all are finite', 'PCL trusts it', says_truly_whether_dense),
    Rule('a point has bytes', 'RViz divides by point_step', lambda cloud: cloud.point_step > 0),
)  # fmt: skip
