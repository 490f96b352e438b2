"""The pose of a head of known shape, from the directions in which its landmarks are seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from facemesh_ros.attributes.face_view import FaceView, ones
from facemesh_ros.attributes.head_shape import HeadShape
from facemesh_ros.attributes.landmark_weights import (
    rigid_landmarks,
    rigid_weights,
    weights_seen_from,
)
from facemesh_ros.geometry.canonical_face import MESH_LANDMARKS, SELLION
from facemesh_ros.geometry.rotations import rotation_from_vector
from facemesh_ros.types import Float64

MAX_PASSES, MAX_STEPS = 6, 4
LAST_STEP = 1e-3  # m and rad; the step after it would be less than a hundredth of it
# A pass holds the landmarks' weights and places. After a first step d, and with the share h of the
# weights that Huber's loss takes, the next pass would move by some h d + 0.2 d²: pairs of a Kinect
# by a seventh of it (median). At this limit what is left is .01° at most in 95 of 100 noisy faces,
# and one pass does where a face fits its shape.
SETTLED_GAIN, SETTLED = 0.2, 2.5e-5
# Farther off than this a landmark is no longer where the shape has it: an open mouth, a hand.
HUBER_M = 0.006
# The ridge of the nose about the sellion.
ABOUT_SELLION = np.array([SELLION, 6, 8, 193, 417, 122, 351, 197, 245, 465])
MEAN_ABOUT_SELLION = np.full(len(ABOUT_SELLION), 1 / len(ABOUT_SELLION))


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Where a head is: p_optical = rotation p_face + position.

    Attributes:
        rotation: (3, 3) optical axes from face axes.
        position_m: (3,) of the sellion in the optical frame, m.
    """

    rotation: Float64
    position_m: Float64

    def in_optical_frame(self, points_m: Float64) -> Float64:
        """Return (..., 3) points in face axes as the camera sees them, m."""
        points: Float64 = points_m @ self.rotation.T + self.position_m
        return points

    @property
    def sight(self) -> Float64:
        """Unit vector (3,) from the sellion to the camera, face axes."""
        sight: Float64 = self.position_m @ self.rotation
        sight /= -math.sqrt(sight @ sight)
        return sight

    @property
    def view_angle_rad(self) -> float:
        """Angle between the face's x axis and the line from the sellion to the camera."""
        forward, left, up = (self.position_m @ self.rotation).tolist()
        return math.acos(-forward / math.hypot(forward, left, up))

    def turned(self, rotation: Float64) -> HeadPose:
        """Return the pose in axes that `rotation` (3, 3) turns those of this one into."""
        return HeadPose(rotation @ self.rotation, rotation @ self.position_m)


@dataclass(frozen=True, slots=True)
class PoseFit:
    """A shape laid on the rays of its landmarks.

    Attributes:
        pose: In the optical frame of the view (see `HeadPose.turned`).
        residuals_m: (2, 468) how far each landmark of the shape is from its ray, along the image
            plane's x and y.
    """

    pose: HeadPose
    residuals_m: Float64

    @property
    def pose_at_sellion(self) -> HeadPose:
        """The pose moved across the line of sight to where the ridge of the nose is seen.

        The whole face says best how a head is turned and how far it is; where its sellion is, the
        landmarks about it say better, whatever the proportions of the rest.
        """
        across, down = (self.residuals_m.take(ABOUT_SELLION, 1) @ MEAN_ABOUT_SELLION).tolist()
        return HeadPose(self.pose.rotation, self.pose.position_m - (across, down, 0.0))

    def reprojection_error_px(self, view: FaceView) -> float:
        """Root mean square over the landmarks."""
        mean_square = float(np.vdot(self.residuals_m, self.residuals_m)) / MESH_LANDMARKS
        return math.sqrt(mean_square) / float(self.pose.position_m[2]) / view.plane_per_px


def fit_head_pose(view: FaceView, shape: HeadShape) -> PoseFit:
    """Return the pose at which a shape is seen where the landmarks are.

    Least squares of the landmarks' distances from their rays, X - x Z and Y - y Z in m, by
    Gauss-Newton with Huber's loss and `weights_seen_from`. These distances are linear in rotation
    and position, so all landmarks enter as six matrices of moments (`_solve`).

    It starts where the mesh, its z included, fits the shape: seen from afar two poses of a nearly
    flat face fit nearly as well, and z tells them apart. So a pose owes nothing to the one
    before, and cannot hang in a wrong one.

    Args:
        view: Of 468 landmarks or more.
        shape: Of the head.
    """
    seen = view.points.take(rigid_landmarks(), 1)
    start = _aligned(seen, shape)
    weights = weights_seen_from(start.sight)
    total = float(ones(len(weights)) @ weights)
    # The last row stays 0.
    factors = np.zeros((7, seen.shape[1]))
    factors[0] = 1
    np.negative(seen[:2], out=factors[1:3])
    rows = np.empty((3, 4))
    rows[:, :3], rows[:, 3] = start.rotation, start.position_m
    for _ in range(MAX_PASSES):
        placed = rows @ shape.rigid
        robust = robust_weights(weights, placed[:2] + factors[1:3] * placed[2])
        np.divide(placed[:2], -placed[2], out=factors[3:5])
        products = factors[1:3] * factors[3:5]
        np.add(products[0], products[1], out=factors[5])
        moments = (robust * factors) @ shape.squares.T
        moved, outlying = _solve(rows, moments), 1 - float(moments[0, 15]) / total
        if moved * (outlying + SETTLED_GAIN * moved) < SETTLED:
            break
    placed = rows @ shape.points
    residuals = placed[:2] - view.points[:2, :MESH_LANDMARKS] * placed[2]
    return PoseFit(HeadPose(rows[:, :3], rows[:, 3]), residuals)


def robust_weights(weights: Float64, residuals_m: Float64) -> Float64:
    """Return the weights (L,) of residuals (2, L) under Huber's loss."""
    squares = residuals_m * residuals_m
    errors: Float64 = squares[0] + squares[1]
    np.sqrt(errors, out=errors)
    np.maximum(errors, HUBER_M, out=errors)
    np.divide(HUBER_M, errors, out=errors)
    errors *= weights
    return errors


def _solve(rows: Float64, moments: Float64) -> float:
    """Move rows (3, 4), [rotation | position], by steps of Gauss and Newton to where moments say.

    Residuals are linear in the rows, so the normal equations are the moments between the rows'
    derivatives. Where these have x and y, the places of the shape stand for those of the
    landmarks: with the landmarks' own, whose noise is in the residuals too, the noise would pull
    a distant face nearer.

    Args:
        rows: Changed in place.
        moments: (7, 16): Σ w p pᵀ, −Σ w x p pᵀ, −Σ w y p pᵀ, −Σ w x̂ p pᵀ, −Σ w ŷ p pᵀ and
            Σ w (x x̂ + y ŷ) p pᵀ of the points p = (X, Y, Z, 1) of the shape, weighed by w, seen
            at x and y and placed at x̂ and ŷ; then 0.

    Returns:
        The largest entry of the first step, m and rad.
    """
    form = moments.take(_FORM)
    first = 0.0
    for _ in range(MAX_STEPS):
        changes = (_BY_ROWS @ rows.ravel() + _BY_POSITION).reshape(12, 7)
        equations = changes[:, :6].T @ form @ changes
        # OpenCV's solver takes a third of numpy's time for matrices this small.
        _, step = cv2.solve(equations[:, :6], -equations[:, 6:], flags=cv2.DECOMP_LU)
        step = np.asarray(step, np.float64).ravel()
        rows[:, :3] = rotation_from_vector(step[3:]) @ rows[:, :3]
        rows[:, 3] += step[:3]
        size = max(map(abs, step.tolist()))
        first = first or size
        if size < LAST_STEP:
            break
    return first


def _tables() -> tuple[Float64, Float64, NDArray[np.intp]]:
    """Return what `_solve` multiplies by and takes its moments from.

    Returns:
        by_rows (84, 12) and by_position (84,), which turn rows into their derivatives by position
        and rotation and themselves, (12, 7); where in the moments each of (12, 12) is that two
        entries of the rows share.
    """
    by_rows, by_position = np.zeros((3, 4, 7, 3, 4)), np.zeros((3, 4, 7))
    for axis, (one, other) in enumerate(((1, 2), (2, 0), (0, 1))):
        by_position[axis, 3, axis] = 1
        for column in range(3):
            by_rows[other, column, 3 + axis, one, column] = 1
            by_rows[one, column, 3 + axis, other, column] = -1
    by_rows[..., 6, :, :] = np.eye(12).reshape(3, 4, 3, 4)
    pairs = np.array([[0, 6, 1], [6, 0, 2], [3, 4, 5]])
    form = 16 * pairs[:, None, :, None] + np.arange(16).reshape(1, 4, 1, 4)
    return by_rows.reshape(84, 12), by_position.ravel(), form.reshape(12, 12)


_BY_ROWS, _BY_POSITION, _FORM = _tables()


def _aligned(seen: Float64, shape: HeadShape) -> HeadPose:
    """Return the pose by similarity of the shape to the mesh (Umeyama 1991), perspective aside."""
    rotation, stretch = rotation_by_moments(seen @ shape.weighed_m)
    distance = shape.variance_m2 / stretch
    x, y, _ = (seen @ rigid_weights()).tolist()
    at = np.array([x * distance, y * distance, distance])
    return HeadPose(rotation, at - rotation @ shape.middle_m)


def rotation_by_moments(moments: Float64) -> tuple[Float64, float]:
    """Return the rotation R that makes Σ qᵀ R p largest for moments Σ q pᵀ, and that sum.

    Source: Kabsch, Acta Cryst. A32, 1976, p. 922.
    """
    # OpenCV takes a third of numpy's time for a matrix this small.
    stretches, left, right = cv2.SVDecomp(moments)
    total, least = sum(stretches.ravel().tolist()), float(stretches[2, 0])
    (a, b, c), (d, e, f), (g, h, i) = moments.tolist()
    if a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g) < 0:  # no mirroring
        left[:, 2] *= -1
        total -= 2 * least
    rotation: Float64 = np.matmul(left, right)
    return rotation, total
