"""Faces as frames: `face_<id>`, `mouth_<id>` and `gaze_<id>` in the frame of their camera."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from geometry_msgs.msg import Quaternion, Transform, TransformStamped, Vector3

from facemesh_ros.geometry.gaze_frame import gaze_rotations, mean_gazes
from facemesh_ros.geometry.named_points import NAMED_POINTS
from facemesh_ros.geometry.rotations import quaternion_xyzw_from_matrix
from facemesh_ros.msg import FaceMesh, FaceMeshArray
from facemesh_ros.types import Faces, Float64, MetricFaces

# Their middle is that of the mouth's opening, wide open too; its corners lie deeper in the face.
OPENING = [NAMED_POINTS['upper_lip_inner'], NAMED_POINTS['lower_lip_inner']]


def transforms_from_faces(faces: Faces, msg: FaceMeshArray) -> list[TransformStamped]:
    """Return the frames of all faces seen in an image, each with what is known of it.

    face: the pose as published. mouth: the same axes in the middle of the opening between the
    lips. gaze: the origin of the face, z where both eyes look, x to the person's right, y down
    (REP-155); where no gaze is known z is the face's x, as the REP asks for.

    Args:
        faces: Those that are only expected in this image, and those without metres, have none.
        msg: Their message.
    """
    return [
        TransformStamped(header=msg.header, child_frame_id=f'{kind}_{face.id}', transform=frame)
        for index, face in enumerate(msg.faces)
        # What nobody has seen at this time must not be told to an arm.
        if face.state != FaceMesh.STATE_COASTING and face.metric_source != FaceMesh.METRIC_NONE
        for kind, frame in _frames(faces.metric, index, face)
    ]


def _frames(metric: MetricFaces, index: int, face: FaceMesh) -> Iterator[tuple[str, Transform]]:
    position, axes = face.pose.pose.position, face.pose.pose.orientation
    origin = Vector3(x=position.x, y=position.y, z=position.z)
    yield 'face', Transform(translation=origin, rotation=axes)
    points_m = metric.landmarks_m[index]
    mouth_m = points_m[OPENING].mean(axis=0, dtype=float)
    yield 'mouth', Transform(translation=_vector(mouth_m), rotation=axes)
    yield 'gaze', Transform(translation=origin, rotation=_gaze_axes(metric, index))


def _gaze_axes(metric: MetricFaces, index: int) -> Quaternion:
    head = metric.rotations[index]
    gaze = mean_gazes(np.stack([metric.gazes_right[index], metric.gazes_left[index]]))
    rotation = gaze_rotations(gaze, head)
    if np.isnan(rotation).any():
        rotation = gaze_rotations(head[:, 0], head)
    x, y, z, w = quaternion_xyzw_from_matrix(rotation).tolist()
    return Quaternion(x=x, y=y, z=z, w=w)


def _vector(point_m: Float64) -> Vector3:
    x, y, z = point_m.tolist()
    return Vector3(x=x, y=y, z=z)
