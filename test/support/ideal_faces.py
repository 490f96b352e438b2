"""Faces of known pose in cameras of known lens, as a landmark model without errors sees them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

IMAGE_WH = (1280, 960)
MATRIX = np.array([[880.0, 0, 650], [0, 890.0, 470], [0, 0, 1]])
WIDE_MATRIX = np.array([[420.0, 0, 630], [0, 424.0, 490], [0, 0, 1]])
EXACTLY = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 200, 1e-14)
# Face axes of a face that looks into the camera, upright, as columns in the optical frame.
FACING = np.array([[0.0, 1, 0], [0, 0, -1], [-1, 0, 0]])
IRIS_RADIUS_M = 0.00585
EYE_TO_IRIS_M = 0.0105


@dataclass(frozen=True)
class LensCamera:
    """A `Camera` whose lens is OpenCV's own model of it."""

    matrix: np.ndarray
    distortion: np.ndarray

    def rays_from_pixels(self, pixels: np.ndarray) -> np.ndarray:
        flat = np.asarray(pixels, float).reshape(-1, 1, 2)
        plane = self.undistorted(flat).reshape(-1, 2)
        rays = np.concatenate([plane, np.ones((len(plane), 1))], axis=1)
        rays /= np.linalg.norm(rays, axis=1, keepdims=True)
        return rays.reshape(*np.shape(pixels)[:-1], 3)

    def pixels_from_points(self, points: np.ndarray) -> np.ndarray:
        pixels = self.projected(np.asarray(points, float).reshape(-1, 1, 3))
        return pixels.reshape(*np.shape(points)[:-1], 2)

    def undistorted(self, pixels: np.ndarray) -> np.ndarray:
        nothing = None, None
        return cv2.undistortPointsIter(pixels, self.matrix, self.distortion, *nothing, EXACTLY)

    def projected(self, points: np.ndarray) -> np.ndarray:
        still = np.zeros(3)
        return cv2.projectPoints(points, still, still, self.matrix, self.distortion)[0]


class FisheyeCamera(LensCamera):
    """A `Camera` with an equidistant lens, by OpenCV's fisheye model."""

    def undistorted(self, pixels: np.ndarray) -> np.ndarray:
        return cv2.fisheye.undistortPoints(pixels, self.matrix, self.distortion)

    def projected(self, points: np.ndarray) -> np.ndarray:
        still = np.zeros(3)
        return cv2.fisheye.projectPoints(points, still, still, self.matrix, self.distortion)[0]


CAMERAS = {
    'pinhole': LensCamera(MATRIX, np.zeros(5)),
    'plumb_bob': LensCamera(MATRIX, np.array([-0.28, 0.09, 0.0012, -0.0008, -0.012])),
    'rational_polynomial': LensCamera(
        MATRIX, np.array([0.55, -0.12, 0.0006, -0.0004, 0.03, 0.9, -0.05, 0.02])
    ),
    'equidistant': FisheyeCamera(WIDE_MATRIX, np.array([-0.012, 0.004, -0.002, 0.0004])),
}


@dataclass(frozen=True)
class IdealFace:
    """A face of known shape and pose: p_optical = rotation p_face + position_m."""

    shape_m: np.ndarray
    rotation: np.ndarray
    position_m: np.ndarray

    @property
    def points_m(self) -> np.ndarray:
        return self.shape_m @ self.rotation.T + self.position_m

    def landmarks(self, camera: LensCamera | FisheyeCamera) -> np.ndarray:
        """Landmarks (L, 3) px; z as a landmark model gives it.

        The model looks along the ray to the face: z is the depth along that ray, of the same
        scale as x and y in the image.
        """
        points_m = self.points_m
        pixels = camera.pixels_from_points(points_m)
        sight = axes_towards(points_m.mean(axis=0))
        turned_m = (points_m - points_m.mean(axis=0)) @ sight
        spread_px = np.sqrt(np.mean(np.sum((pixels - pixels.mean(axis=0)) ** 2, axis=1)))
        spread_m = np.sqrt(np.mean(np.sum(turned_m[:, :2] ** 2, axis=1)))
        z = turned_m[:, 2:] * spread_px / spread_m
        return np.concatenate([pixels, z], axis=1).astype(np.float32)


def axes_towards(point: np.ndarray) -> np.ndarray:
    """Return axes as columns: z along the line to a point, x level in the optical frame."""
    z = point / np.linalg.norm(point)
    x = np.cross([0.0, 1, 0], z)
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z], axis=1)


def rotation_about(axis: np.ndarray | list[float], degrees: float) -> np.ndarray:
    """Return the rotation about an axis of length 1."""
    return cv2.Rodrigues(np.asarray(axis, float) * np.radians(degrees))[0]


@dataclass(frozen=True)
class View:
    """How a face is seen.

    Attributes:
        pixel: Where the middle of the face is seen.
        distance_m: Of the middle of the face.
        angle_deg: Between the face's x axis and the line to the camera.
        towards_deg: Which way it looks away: 0 to the image's right, 90 down.
        roll_deg: About the face's x axis.
    """

    pixel: tuple[float, float]
    distance_m: float
    angle_deg: float
    towards_deg: float
    roll_deg: float = 0.0

    def of(self, camera: LensCamera | FisheyeCamera, shape_m: np.ndarray) -> IdealFace:
        """Return the face of a shape (L, 3) m in face axes, seen so."""
        middle = camera.rays_from_pixels(np.array(self.pixel)) * self.distance_m
        towards = np.radians(self.towards_deg)
        axis = [np.sin(towards), -np.cos(towards), 0]  # across the line of sight
        away = rotation_about(axis, self.angle_deg)
        rotation = axes_towards(middle) @ away @ FACING @ rotation_about([1, 0, 0], self.roll_deg)
        return IdealFace(shape_m, rotation, middle - rotation @ shape_m.mean(axis=0))


def with_irises(shape_m: np.ndarray, eyeballs_m: np.ndarray) -> np.ndarray:
    """Return the 478 landmarks of a face that looks straight ahead, m."""
    ring = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 1], [0, -1, 0], [0, 0, -1.0]]) * IRIS_RADIUS_M
    irises = [centre + np.array([EYE_TO_IRIS_M, 0, 0]) + ring for centre in eyeballs_m]
    return np.concatenate([shape_m, *irises])


def angle_deg(one: np.ndarray, other: np.ndarray) -> float:
    """Return the angle between two rotations."""
    return float(np.degrees(np.linalg.norm(cv2.Rodrigues(one.T @ other)[0])))
