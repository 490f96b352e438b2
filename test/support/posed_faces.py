"""Faces of known size and pose in front of a pinhole camera, as a perfect model sees them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.attributes.head_pose import HeadPose
from facemesh_ros.attributes.posed_face import PosedFace
from facemesh_ros.geometry.camera import CalibratedCamera, Intrinsics
from facemesh_ros.geometry.canonical_face import canonical_face_m

CAMERA = CalibratedCamera(Intrinsics(600.0, 602.0, 322.0, 236.0))
IMAGE_WH = (640, 480)
IRIS_M = 0.0117
# Optical axes of a face that looks into the camera, from face axes.
FRONTAL = np.array([[0.0, 1, 0], [0, 0, -1], [-1, 0, 0]])
EYES = ((33, 133, 159, 145, 468), (263, 362, 386, 374, 473))


@dataclass(frozen=True)
class SeenFace:
    """One face: how it is, and what is seen of it.

    Attributes:
        points_m: (L, 3) where its landmarks are in the optical frame.
        landmarks: (L, 3) px.
        posed: The face as it is posed by who believes that it is of mean size.
        size: True size by mean size.
    """

    points_m: NDArray[np.float64]
    landmarks: NDArray[np.float32]
    posed: PosedFace
    size: float


def turned(yaw_deg: float, pitch_deg: float = 0.0) -> NDArray[np.float64]:
    """Return the rotation of a face that looks so far past the camera."""
    yaw, pitch = np.radians([yaw_deg, pitch_deg])
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array(
        [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    )
    rotation: NDArray[np.float64] = about_y @ about_x @ FRONTAL
    return rotation


def seen_face(
    size: float = 1.0,
    position_m: tuple[float, float, float] = (0.0, 0.0, 0.5),
    rotation: NDArray[np.float64] = FRONTAL,
    *,
    iris_m: float = IRIS_M,
    opening_m: float = 0.010,
    irises: bool = True,
) -> SeenFace:
    """Return a face of the canonical shape.

    Args:
        size: By mean size.
        position_m: Of its sellion.
        rotation: Optical axes from face axes.
        iris_m: Diameter of its irises, whatever its size.
        opening_m: Height of its open eyes.
        irises: Whether the landmark model has irises.
    """
    shape_m = canonical_face_m() * size
    for _, _, upper, lower, _ in EYES:
        middle = (shape_m[upper] + shape_m[lower]) / 2
        shape_m[upper], shape_m[lower] = middle, middle
        shape_m[upper, 2] += opening_m / 2
        shape_m[lower, 2] -= opening_m / 2
    points = np.concatenate([shape_m, _rings(shape_m, iris_m)]) if irises else shape_m
    pose = HeadPose(rotation, np.array(position_m))
    points_m = pose.in_optical_frame(points)
    pixels = CAMERA.pixels_from_points(points_m)
    landmarks = np.concatenate([pixels, np.zeros((len(pixels), 1))], axis=1)
    posed_pose = HeadPose(rotation, np.array(position_m) / size)
    posed = PosedFace(
        pose=posed_pose,
        shape_m=canonical_face_m(),
        landmarks_m=points_m / size,
        rays=CAMERA.rays_from_pixels(pixels),
        view_angle_rad=posed_pose.view_angle_rad,
        identity=np.zeros(0),
    )
    return SeenFace(points_m, landmarks.astype(np.float32), posed, size)


def _rings(shape_m: NDArray[np.float64], iris_m: float) -> NDArray[np.float64]:
    """Return centre and four ring landmarks of both irises, (10, 3), facing as the face does."""
    around = np.array([[0.0, 0, 0], [0, 1, 0], [0, 0, 1], [0, -1, 0], [0, 0, -1]]) * iris_m / 2
    return np.concatenate(
        [(shape_m[outer] + shape_m[inner]) / 2 + around for outer, inner, *_ in EYES]
    )
