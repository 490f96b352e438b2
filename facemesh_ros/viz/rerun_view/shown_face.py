"""A FaceMesh message as it is drawn: only what is known, and nothing that is not finite."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facemesh_ros import consumer
from facemesh_ros.consumer.views import view
from facemesh_ros.geometry.canonical_face import MESH_LANDMARKS
from facemesh_ros.geometry.gaze_frame import eye_centres
from facemesh_ros.types import FaceState, Float32, Float64
from facemesh_ros.viz.overlay import rgb_of_id
from facemesh_ros.viz.rerun_view.branch import readable

NO_PIXELS, NO_POINTS = np.empty((0, 2), np.float32), np.empty((0, 3), np.float32)
RGB255 = tuple[int, int, int]
_NOT_SEEN = {FaceState.TENTATIVE: ' (new)', FaceState.COASTING: ' (hidden)'}


@dataclass(frozen=True, slots=True)
class ShownFace:
    """One face; arrays are empty where something is not known.

    Attributes:
        name: Its id.
        rgb: Its colour, 0 to 255; darker while it is not seen.
        is_seen: Whether it was seen in this image and is confirmed.
        label: Id, presence and distance.
        pixels: (N, 2) landmarks, px; (0, 0) is the centre of the top-left pixel.
        box_xyxy: (4,) px.
        points_m: (N, 3) m in the camera's frame.
        pose: (4, 4) camera's frame from face axes, or (0,).
        gazes: (n, 2, 3) per eye that is known its centre, m, and the direction of its gaze.
        numbers: What curves show of it, by name.
    """

    name: str
    rgb: RGB255
    is_seen: bool
    label: str
    pixels: Float32
    box_xyxy: Float32
    points_m: Float32
    pose: Float64
    gazes: Float64
    numbers: dict[str, float]


def shown_face(msg: Any, names: consumer.NamedLandmarks | None) -> ShownFace:
    """Return what is drawn of a FaceMesh.

    Args:
        msg: The message; whatever its arrays hold.
        names: Of its model; None while they are not known.
    """
    is_seen = msg.state == FaceState.TRACKED
    landmarks = _finite(msg.landmarks, 3)
    points_m = _finite(msg.landmarks_metric, 3) if consumer.is_metric(msg) else NO_POINTS
    pose = consumer.head_pose(msg)
    if not np.isfinite(pose).all():
        pose = np.empty(0)
    distance_m = float(np.linalg.norm(pose[:3, 3])) if len(pose) else math.nan
    bright = np.array(rgb_of_id(_number_of(msg.id))) * (1.0 if is_seen else 0.5)
    red, green, blue = np.rint(255 * bright).astype(int).tolist()
    return ShownFace(
        name=msg.id,
        rgb=(red, green, blue),
        is_seen=is_seen,
        label=_label(msg, distance_m),
        pixels=landmarks[:, :2],
        box_xyxy=_finite(msg.box, 4).reshape(-1)[:4],
        points_m=points_m,
        pose=pose,
        gazes=_gazes(msg, points_m),
        numbers=_numbers(msg, landmarks, pose, distance_m, names) if is_seen else {},
    )


def head_angles(pose: Float64) -> dict[str, float]:
    """Return how a head is turned from facing along the camera's axis, in degrees.

    With f the face's x axis (out of it) and l its y axis (to its left) in the camera's frame:
    turn = atan2(f_x, -f_z), nod = atan2(-f_y, |(f_x, f_z)|), tilt = atan2(l_y, l_x).

    Args:
        pose: (4, 4) camera's frame from face axes.
    """
    forward, left = pose[:3, 0], pose[:3, 1]
    turn = math.atan2(forward[0], -forward[2])
    nod = math.atan2(-forward[1], math.hypot(forward[0], forward[2]))
    tilt = math.atan2(left[1], left[0])
    return {
        'turned left': math.degrees(turn),
        'nodded up': math.degrees(nod),
        'tilted': math.degrees(tilt),
    }


def _numbers(
    msg: Any,
    landmarks: Float32,
    pose: Float64,
    distance_m: float,
    names: consumer.NamedLandmarks | None,
) -> dict[str, float]:
    found = {'presence': msg.presence, 'jitter': msg.jitter, 'distance': distance_m}
    if len(pose):
        found |= head_angles(pose)
    if names is not None and len(landmarks):
        found |= _openings(landmarks, names)
    return {name: float(value) for name, value in found.items() if math.isfinite(value)}


def _openings(landmarks: Float32, names: consumer.NamedLandmarks) -> dict[str, float]:
    try:
        return {
            'mouth': consumer.mouth_opening(landmarks, names).ratio,
            'left eye': consumer.eye_opening(landmarks, names, 'left').ratio,
            'right eye': consumer.eye_opening(landmarks, names, 'right').ratio,
        }
    except (KeyError, IndexError):  # an info of another model
        return {}


def _label(msg: Any, distance_m: float) -> str:
    in_metres = f', {distance_m:.2f} m' if math.isfinite(distance_m) else ''
    state = _NOT_SEEN.get(msg.state, '')
    return readable(f'{msg.id}{state}: presence {msg.presence:.2f}{in_metres}')


def _gazes(msg: Any, points_m: Float32) -> Float64:
    if len(points_m) < MESH_LANDMARKS:
        return np.empty((0, 2, 3))
    gazes = np.array([msg.gaze_right, msg.gaze_left], float)
    rays = np.stack([eye_centres(points_m), gazes], axis=1)
    known: Float64 = rays[np.isfinite(rays).all(axis=(1, 2))]
    return known


def _finite(values: Any, columns: int) -> NDArray[np.float32]:
    """Return values as (N, columns); (0, columns) where one of them is missing or not finite."""
    array = view(values, np.float32)
    if array.size % columns or not np.isfinite(array).all():
        return np.empty((0, columns), np.float32)
    return array.reshape(-1, columns)


def _number_of(name: str) -> int:
    digits = ''.join(filter(str.isdecimal, name))
    return int(digits) if digits else zlib.crc32(name.encode(errors='replace'))
