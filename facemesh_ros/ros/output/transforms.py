"""Faces as frames: `face_<id>`, `mouth_<id>` and `gaze_<id>` in the frame of their camera."""

from __future__ import annotations

import numpy as np
from geometry_msgs.msg import Quaternion, Transform, TransformStamped, Vector3
from std_msgs.msg import Header

from facemesh_ros.geometry.gaze_frame import eye_centres, gaze_rotations, mean_gazes
from facemesh_ros.geometry.named_points import NAMED_POINTS
from facemesh_ros.geometry.rotations import quaternion_xyzw_from_matrix
from facemesh_ros.types import Faces, FaceState, Float64, MetricFaces

# Their middle is that of the mouth's opening, wide open too; its corners lie deeper in the face.
OPENING = [NAMED_POINTS['upper_lip_inner'], NAMED_POINTS['lower_lip_inner']]


def transforms_from_faces(faces: Faces, header: Header) -> list[TransformStamped]:
    """Return the frames of all faces seen in an image, each with what is known of it.

    face: origin at the sellion, x out of the face, y to the subject's left, z up. mouth: the same
    axes in the middle of the opening between the lips. gaze: origin between the eyes, x where
    both eyes look, z as far up as the head's.

    Args:
        faces: Those that are only expected in this image, and those without metres, have none.
        header: Of the image.
    """
    # What nobody has seen at this time must not be told to an arm.
    rows = np.flatnonzero(faces.states != FaceState.COASTING)
    names, frames = [faces.names[row] for row in rows], _frames(faces.metric[rows])
    return [
        _transform(header, f'{kind}_{name}', origin_m, quaternion)
        for kind, (origins_m, rotations) in frames.items()
        for name, origin_m, quaternion in zip(
            names, origins_m, quaternion_xyzw_from_matrix(rotations), strict=True
        )
        if np.isfinite(origin_m).all() and np.isfinite(quaternion).all()
    ]


def _frames(metric: MetricFaces) -> dict[str, tuple[Float64, Float64]]:
    """Return origins (N, 3) and rotations (N, 3, 3) of each kind of frame."""
    gazes = mean_gazes(np.stack([metric.gazes_right, metric.gazes_left], axis=1))
    between_eyes_m = eye_centres(metric.landmarks_m).mean(axis=1)
    return {
        'face': (metric.positions_m, metric.rotations),
        'mouth': (metric.landmarks_m[:, OPENING].mean(axis=1, dtype=float), metric.rotations),
        'gaze': (between_eyes_m, gaze_rotations(gazes, metric.rotations)),
    }


def _transform(
    header: Header, child: str, origin_m: Float64, quaternion: Float64
) -> TransformStamped:
    x, y, z = origin_m.tolist()
    qx, qy, qz, qw = quaternion.tolist()
    return TransformStamped(
        header=header,
        child_frame_id=child,
        transform=Transform(
            translation=Vector3(x=x, y=y, z=z), rotation=Quaternion(x=qx, y=qy, z=qz, w=qw)
        ),
    )
