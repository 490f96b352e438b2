"""Messages of faces that stand where a test wants them, as they are received."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from geometry_msgs.msg import Point, Pose, PoseWithCovariance, Quaternion
from ideal_faces import FACING
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header

from facemesh_ros.assembly.face_sensor import ModelInfo
from facemesh_ros.geometry.canonical_face import load_topology
from facemesh_ros.geometry.rotations import quaternion_xyzw_from_matrix
from facemesh_ros.geometry.shape_model import canonical_landmarks_m
from facemesh_ros.inference.hardware import NvidiaDriver
from facemesh_ros.inference.provider_report import ModelReport, ProviderReport
from facemesh_ros.msg import FaceMesh, FaceMeshArray, FaceMeshInfo
from facemesh_ros.ros.output.messages import info_msg

BLENDSHAPES = tuple(f'shape{number}' for number in range(52))
FOCAL_PX = 600.0


def received(msg: Any) -> Any:
    """Return a message as a subscription gives it."""
    return deserialize_message(serialize_message(msg), type(msg))


def face_info(landmark_count: int = 478) -> FaceMeshInfo:
    """Return `~/info` of a model of so many landmarks."""
    ran = ModelReport('CPUExecutionProvider', 'fp32', {}, 1.0, 2.0)
    report = ProviderReport(0, NvidiaDriver(), {'v2': ran})
    model = ModelInfo('v2', landmark_count, 'abc', 'short_range', BLENDSHAPES, report)
    return received(info_msg(model, load_topology(landmark_count), Header()))


def placed_face(
    position_m: Any = (0.0, 0.0, 1.0),
    rotation: np.ndarray = FACING,
    *,
    landmark_count: int = 478,
    gaze: Any = (0.0, 0.0, -1.0),
    gaze_sigma: float = 0.1,
    covariance: np.ndarray | None = None,
    shape_m: np.ndarray | None = None,
    **fields: Any,
) -> FaceMesh:
    """Return the canonical face, or one of another shape, somewhere before a camera."""
    face_m = canonical_landmarks_m(landmark_count) if shape_m is None else shape_m
    points_m = face_m @ rotation.T + position_m
    x, y, z = map(float, position_m)
    qx, qy, qz, qw = quaternion_xyzw_from_matrix(rotation).tolist()
    pose = Pose(position=Point(x=x, y=y, z=z), orientation=Quaternion(x=qx, y=qy, z=qz, w=qw))
    spread = np.diag([1e-4, 1e-4, 4e-3, 1e-2, 1e-2, 1e-2]) if covariance is None else covariance
    pixels = FOCAL_PX * points_m / points_m[:, 2:]
    pixels[:, 2] = FOCAL_PX * (points_m[:, 2] - z) / z
    values: dict[str, Any] = {
        'id': 'f00001',
        'state': FaceMesh.STATE_TRACKED,
        'landmark_count': landmark_count,
        'landmarks': pixels.ravel().tolist(),
        'metric_source': FaceMesh.METRIC_CANONICAL,
        'landmarks_metric': points_m.ravel().tolist(),
        'pose': PoseWithCovariance(pose=pose, covariance=spread.ravel()),
        'gaze_left': np.asarray(gaze, np.float32),
        'gaze_right': np.asarray(gaze, np.float32),
        'gaze_sigma': gaze_sigma,
        **fields,
    }
    return received(FaceMesh(**values))


def face_without_metres(landmark_count: int = 478, **fields: Any) -> FaceMesh:
    """Return a face of which only pixels are known, as the node publishes it."""
    nan = math.nan
    pose = Pose(
        position=Point(x=nan, y=nan, z=nan), orientation=Quaternion(x=nan, y=nan, z=nan, w=nan)
    )
    return placed_face(
        landmark_count=landmark_count,
        metric_source=FaceMesh.METRIC_NONE,
        landmarks_metric=[],
        pose=PoseWithCovariance(pose=pose, covariance=np.full(36, nan)),
        gaze=(nan, nan, nan),
        gaze_sigma=nan,
        **fields,
    )


def faces_of_all_kinds() -> FaceMeshArray:
    """Return a face that looks, one without metres, a coasting one, one with blendshapes."""
    sure = np.diag([1e-6] * 6)
    msg = FaceMeshArray(
        faces=[
            placed_face((0.1, 0, 1.0), id='f00001', gaze=(0.15, 0, -1), covariance=sure),
            face_without_metres(id='f00002'),
            placed_face(id='f00003', state=FaceMesh.STATE_COASTING),
            placed_face(id='f00004', blendshapes=np.linspace(0, 1, len(BLENDSHAPES)).tolist()),
        ]
    )
    msg.header.frame_id = 'camera_optical_frame'
    return msg
