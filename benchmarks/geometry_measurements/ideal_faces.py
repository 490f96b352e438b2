"""Ideal faces: the canonical face projected by OpenCV through each lens model.

What a landmark model would say of it if it made no errors, and an estimator for such landmarks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np
from geometry_measurements.lens_calibration import LensCalibration
from geometry_measurements.pose_errors import EstimatedPose

from facemesh_ros.attributes.head_estimator import HeadEstimator
from facemesh_ros.attributes.view_angle import ViewAngleCorrection
from facemesh_ros.geometry.canonical_face import (
    MESH_LANDMARKS,
    canonical_face_m,
    load_topology,
)
from facemesh_ros.geometry.shape_model import ShapeModel, load_shape_model
from facemesh_ros.types import Float32, Float64

IMAGE_WH = (1280, 720)
K = np.array([[900.0, 0, 642.7], [0, 902.7, 354.8], [0, 0, 1]])
# A wide webcam, a depth camera's colour image, a fisheye.
LENSES = {
    'none': LensCalibration(K, '', np.empty(0), IMAGE_WH),
    'plumb_bob': LensCalibration(
        K, 'plumb_bob', np.array([-0.33, 0.12, 0.001, -0.001, -0.02]), IMAGE_WH
    ),
    'rational_polynomial': LensCalibration(
        K,
        'rational_polynomial',
        np.array([0.45, -0.21, 0.0004, -0.0002, 0.02, 0.78, -0.22, 0.01]),
        IMAGE_WH,
    ),
    'equidistant': LensCalibration(
        K * [[0.45], [0.45], [1]] + [[0, 0, 353], [0, 0, 195], [0, 0, 0]],
        'equidistant',
        np.array([-0.02, 0.004, -0.002, 0.0003]),
        IMAGE_WH,
    ),
}
DISTANCES_M = (0.3, 0.6, 1.0, 2.0, 5.0)
YAW_DEG, PITCH_DEG, ROLL_DEG = 70.0, 35.0, 40.0
# Landmarks stay within so much of the image, in both directions from its centre.
MARGIN = 0.85
WALL_BEHIND_M = 0.8


@dataclass(frozen=True)
class IdealFace:
    """A projected face.

    Attributes:
        lens: Name in LENSES.
        distance_m: Of the sellion.
        true: Its pose.
        landmarks: (468, 3) px, exact; z as a landmark model means it: along the line of sight.
    """

    lens: str
    distance_m: float
    true: EstimatedPose
    landmarks: Float64


def ideal_faces(each: int) -> Iterator[IdealFace]:
    """Yield faces in random directions, turned at random, the same at each call."""
    random = np.random.default_rng(14)
    for lens in LENSES:
        for distance_m in DISTANCES_M:
            for _ in range(each):
                yield _random_face(lens, distance_m, random)


def _random_face(lens: str, distance_m: float, random: np.random.Generator) -> IdealFace:
    limits = np.radians([YAW_DEG, PITCH_DEG, ROLL_DEG])
    while True:
        yaw, pitch, roll = random.uniform(-limits, limits)
        pixel = (random.uniform(-1, 1, 2) * MARGIN + 1) * np.array(IMAGE_WH) / 2
        ray = np.append(LENSES[lens].undistorted(pixel[None])[0], 1)
        position = ray / np.linalg.norm(ray) * distance_m
        pose = EstimatedPose(facing(yaw, pitch, roll), position)
        landmarks = projected(pose, LENSES[lens])
        off = np.abs(landmarks[:, :2] / (np.array(IMAGE_WH) / 2) - 1)
        if np.isfinite(landmarks).all() and off.max() < 1 and pose.view_angle_deg <= YAW_DEG:
            return IdealFace(lens, distance_m, pose, landmarks)


def facing(yaw: float, pitch: float, roll: float) -> Float64:
    """Return the orientation (3, 3) of a face that looks into the camera, then turned, rad."""
    (cy, sy), (cp, sp), (cr, sr) = ((np.cos(a), np.sin(a)) for a in (yaw, pitch, roll))
    towards = np.array([[0.0, 1, 0], [0, 0, -1], [-1, 0, 0]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    turned: Float64 = about_z @ about_y @ about_x @ towards
    return turned


def projected(pose: EstimatedPose, lens: LensCalibration) -> Float64:
    """Return the canonical face as a landmark model should see it, (468, 3) px.

    Its z runs along the line of sight to the face, from the mean, in px of the face's own scale.
    """
    points = canonical_face_m() @ pose.rotation.T + pose.position_m
    zero = np.zeros(3)
    if lens.model == 'equidistant':
        pixels, _ = cv2.fisheye.projectPoints(points[:, None], zero, zero, lens.k, lens.d)
    else:
        pixels, _ = cv2.projectPoints(points, zero, zero, lens.k, lens.d)
    pixels = np.asarray(pixels, float).reshape(-1, 2)
    sight = points.mean(axis=0) / np.linalg.norm(points.mean(axis=0))
    depths = points @ sight
    across = points - depths[:, None] * sight
    scale = np.sqrt(pixels.var(axis=0).sum() / across.var(axis=0).sum())
    return np.column_stack([pixels, (depths - depths.mean()) * scale])


@cache
def canonical_people() -> ShapeModel:
    """Return people who all look like the canonical face."""
    shapes = load_shape_model()
    none = slice(0, 0)
    return replace(
        shapes,
        mean_m=canonical_face_m(),
        modes_m=shapes.modes_m[none],
        eyeball_modes_m=shapes.eyeball_modes_m[none],
    )


def exact_estimator() -> HeadEstimator:
    """Return an estimator for landmarks of the canonical face that have no model's errors."""
    return HeadEstimator(canonical_people(), ViewAngleCorrection.none())


def depth_image(landmarks: Float64, points_m: Float64) -> Float32:
    """Return the depth image of a face before a wall, (H, W) m.

    Args:
        landmarks: (468, 3) px.
        points_m: (468, 3) the same in the optical frame.
    """
    wall_m = points_m[:, 2].max() + WALL_BEHIND_M
    depth_m = np.full((IMAGE_WH[1], IMAGE_WH[0]), wall_m, np.float32)
    triangles = load_topology(MESH_LANDMARKS).triangles.astype(int)
    depths = points_m[triangles, 2].mean(axis=1)
    for index in np.argsort(-depths):
        corners = np.rint(landmarks[triangles[index], :2]).astype(np.int32)
        cv2.fillConvexPoly(depth_m, corners, float(depths[index]))
    return depth_m
