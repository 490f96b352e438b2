"""Faces of known size and pose in front of a pinhole camera, as a perfect model sees them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from facemesh_ros.attributes.head_pose import HeadPose
from facemesh_ros.attributes.posed_face import PosedFace
from facemesh_ros.geometry.camera import CalibratedCamera, Intrinsics
from facemesh_ros.geometry.canonical_face import canonical_face_m, load_topology
from facemesh_ros.geometry.shape_model import load_shape_model
from facemesh_ros.types import Camera

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
        eyeballs_m=load_shape_model().eyeball_centres_m,
        reprojection_error_px=0.0,
    )
    return SeenFace(points_m, landmarks.astype(np.float32), posed, size)


def _rings(shape_m: NDArray[np.float64], iris_m: float) -> NDArray[np.float64]:
    """Return centre and four ring landmarks of both irises, (10, 3), facing as the face does."""
    around = np.array([[0.0, 0, 0], [0, 1, 0], [0, 0, 1], [0, -1, 0], [0, 0, -1]]) * iris_m / 2
    return np.concatenate(
        [(shape_m[outer] + shape_m[inner]) / 2 + around for outer, inner, *_ in EYES]
    )


def rendered_depth(
    points_m: NDArray[np.float64],
    camera: Camera = CAMERA,
    image_wh: tuple[int, int] = IMAGE_WH,
    *,
    background_m: float = 0.0,
) -> NDArray[np.float32]:
    """Return the depth image (H, W) of the mesh of landmarks (L, 3) m before a wall."""
    width, height = image_wh
    depth_m = np.full((height, width), np.inf)
    pixels, depths = camera.pixels_from_points(points_m), points_m[:, 2]
    for triangle in load_topology(468).triangles.tolist():
        _fill(depth_m, pixels[triangle], depths[triangle])
    depth_m[np.isinf(depth_m)] = background_m
    return depth_m.astype(np.float32)


def _fill(
    depth_m: NDArray[np.float64], corners: NDArray[np.float64], depths: NDArray[np.float64]
) -> None:
    """Draw a triangle where it is nearer: 1 / z is linear in the image."""
    height, width = depth_m.shape
    low = np.maximum(np.ceil(corners.min(axis=0)).astype(int), 0)
    high = np.minimum(np.floor(corners.max(axis=0)).astype(int), [width - 1, height - 1])
    if (low > high).any():
        return
    columns, rows = np.meshgrid(np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1))
    sides = np.stack([corners[1] - corners[0], corners[2] - corners[0]], axis=1)
    if abs(np.linalg.det(sides)) < 1e-9:
        return
    offsets = np.stack([columns - corners[0, 0], rows - corners[0, 1]], axis=-1)
    shares = offsets @ np.linalg.inv(sides).T
    inside = (shares >= -1e-9).all(axis=-1) & (shares.sum(axis=-1) <= 1 + 1e-9)
    inverse = 1 / depths[0] + shares @ (1 / depths[1:] - 1 / depths[0])
    seen = depth_m[low[1] : high[1] + 1, low[0] : high[0] + 1]
    seen[inside] = np.minimum(seen[inside], 1 / inverse[inside])


def as_by_kinect(
    depth_m: NDArray[np.float32], draw: np.random.Generator, face_px: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return a depth image with the faults of a Kinect's.

    Noise and steps that grow with the square of the distance (Khoshelham, Elberink, Sensors 12,
    2012; Nguyen, Izadi, Lovell, 3DIMPVT 2012), holes and flying pixels at edges, patches of holes
    in the face.
    """
    known = depth_m > 0
    noisy = depth_m + draw.normal(size=depth_m.shape) * (0.0012 + 0.0019 * (depth_m - 0.4) ** 2)
    steps = 0.0028 * np.maximum(depth_m, 0.1) ** 2
    noisy = np.where(known, np.rint(noisy / steps) * steps, 0)
    near = np.where(known, depth_m, 10)
    jumps = cv2.dilate(near, np.ones((5, 5))) - cv2.erode(near, np.ones((5, 5))) > 0.05
    noisy[jumps & (draw.random(depth_m.shape) < 0.3)] = 0
    flying = jumps & (draw.random(depth_m.shape) < 0.3)
    noisy[flying] += draw.uniform(0, 0.4, np.count_nonzero(flying))
    low, high = face_px.min(axis=0), face_px.max(axis=0)
    for _ in range(4):
        centre = draw.uniform(low, high).astype(int).tolist()
        radius = draw.uniform(0.03, 0.10) * (high - low)[0]
        cv2.circle(noisy, centre, int(radius), 0, -1)
    return noisy.astype(np.float32)
