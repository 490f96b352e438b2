"""What is measured of a face in an image, from its message."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from facemesh_ros.consumer import (
    NamedLandmarks,
    blendshapes,
    covariance,
    eye_opening,
    gaze,
    head_pose,
    is_metric,
    landmarks,
    look_at,
    mouth_opening,
)
from facemesh_ros.geometry.named_points import points_among
from facemesh_ros.types import Float64

# Face axes as columns, in the optical frame, of a head that looks along the camera's axis into it.
FACING = np.array([[0.0, 1, 0], [0, 0, -1], [-1, 0, 0]])


class Angles(NamedTuple):
    """Directions of a head, degrees; NaN if unknown.

    Attributes:
        yaw: Positive to the person's left, which is to the right in the image.
        pitch: Positive up.
        roll: Positive towards the person's right shoulder: counter-clockwise in the image.
    """

    yaw: float
    pitch: float
    roll: float


UNKNOWN_ANGLES = Angles(math.nan, math.nan, math.nan)


def head_angles(rotation: Float64) -> Angles:
    """Return the angles of a head (3, 3), optical axes from face axes, about the camera's axes.

    With M = FACINGᵀ R = Rz(yaw) Ry(-pitch) Rx(roll): 0, 0, 0 is a head that looks against the
    camera's axis, upright in the image.

    Example: a head that looks into the camera.
        >>> head_angles(FACING)
        Angles(yaw=0.0, pitch=0.0, roll=0.0)
    """
    m = FACING.T @ rotation
    yaw, pitch = direction_angles(rotation[:, 0])
    return Angles(yaw, pitch, math.degrees(math.atan2(m[2, 1], m[2, 2])))


def direction_angles(direction: Float64) -> tuple[float, float]:
    """Return yaw and pitch of a direction in the optical frame, degrees, as of `head_angles`."""
    x, y, z = direction.tolist()
    return (
        math.degrees(math.atan2(x, -z)) + 0.0,
        math.degrees(math.atan2(-y, math.hypot(x, z))) + 0.0,
    )


class FaceMeasures(NamedTuple):
    """Numbers of one face in one image; NaN if unknown.

    Attributes:
        presence: Of the landmark model, 0 to 1.
        score: Of the detector, 0 to 1; NaN where it did not run.
        removed_px: What the filter takes away, px RMS: the message's `jitter`.
        eyes_px: Distance of the outer corners of the eyes, px, in space.
        yaw, pitch, roll: Of the head, degrees.
        gaze_yaw, gaze_pitch: Of the gaze, degrees, about the same axes.
        off_camera: Angle between gaze and the direction to the camera, degrees.
        off_camera_sigma: Its standard deviation, degrees.
        at_camera: Whether the look agrees with being at the camera, 0 or 1.
        distance: From the camera, m.
        distance_sigma: Its standard deviation, m.
        eye: Opening of the eyes, of their width: mean of both.
        blink: Blendshapes eyeBlinkLeft and eyeBlinkRight, 0 to 1: mean of both.
        mouth: Opening of the mouth, of its width.
    """

    presence: float
    score: float
    removed_px: float
    eyes_px: float
    yaw: float
    pitch: float
    roll: float
    gaze_yaw: float
    gaze_pitch: float
    off_camera: float
    off_camera_sigma: float
    at_camera: float
    distance: float
    distance_sigma: float
    eye: float
    blink: float
    mouth: float


class FaceMeter:
    """Measures faces by the names of their landmarks."""

    def __init__(self) -> None:
        self._info: Any = None
        self._names: dict[tuple[int, int], NamedLandmarks] = {}

    def measure(self, face: Any, info: Any | None) -> FaceMeasures:
        """Return the measures of a FaceMesh; `info` is the FaceMeshInfo, if there is one."""
        names = self._names_of(face, info)
        points = landmarks(face)
        one, other = names.points('left_eye_outer', 'right_eye_outer')
        eyes = [eye_opening(points, names, side).ratio for side in ('left', 'right')]
        return FaceMeasures(
            presence=float(face.presence),
            score=float(face.detection_score),
            removed_px=float(face.jitter),
            eyes_px=math.dist(points[one].tolist(), points[other].tolist()),
            **_in_space(face, names),
            eye=sum(eyes) / 2,
            blink=_blink(face, info),
            mouth=mouth_opening(points, names).ratio,
        )

    def _names_of(self, face: Any, info: Any | None) -> NamedLandmarks:
        """Return the names; without an info, or with one of an older version, today's."""
        key = id(info), int(face.landmark_count)
        if key not in self._names:
            self._info = info  # its id is of use only while it lives
            points = points_among(key[1])
            known = info is not None and set(points) <= set(info.point_names)
            ours = SimpleNamespace(
                point_names=list(points),
                point_landmarks=list(points.values()),
                region_names=[],
                region_of_landmark=[],
            )
            self._names = {key: NamedLandmarks(info if known else ours)}
        return self._names[key]


def _in_space(face: Any, names: NamedLandmarks) -> dict[str, float]:
    if not is_metric(face):
        keys = FaceMeasures._fields[FaceMeasures._fields.index('yaw') :][:10]
        return dict.fromkeys(keys, math.nan)
    pose = head_pose(face)
    position_m = pose[:3, 3]
    angles, look = head_angles(pose[:3, :3]), look_at(face, names)
    gaze_yaw, gaze_pitch = direction_angles(gaze(face))
    distance = float(np.linalg.norm(position_m))
    along = position_m / distance if distance > 0 else np.full(3, math.nan)
    variance = float(along @ covariance(face)[:3, :3] @ along)
    is_known = math.isfinite(look.angle_rad) and math.isfinite(look.sigma_rad)
    return {
        'yaw': angles.yaw,
        'pitch': angles.pitch,
        'roll': angles.roll,
        'gaze_yaw': gaze_yaw,
        'gaze_pitch': gaze_pitch,
        'off_camera': math.degrees(look.angle_rad),
        'off_camera_sigma': math.degrees(look.sigma_rad),
        'at_camera': float(look.is_at()) if is_known else math.nan,
        'distance': distance,
        'distance_sigma': math.sqrt(max(variance, 0.0)) if variance == variance else math.nan,
    }


def _blink(face: Any, info: Any | None) -> float:
    if info is None or not len(info.blendshape_names):
        return math.nan
    try:
        scores = blendshapes(face, info)
    except ValueError:  # of another model: the info of this one was not recorded
        return math.nan
    sides = scores.get('eyeBlinkLeft'), scores.get('eyeBlinkRight')
    return sum(side for side in sides if side is not None) / 2 if None not in sides else math.nan
