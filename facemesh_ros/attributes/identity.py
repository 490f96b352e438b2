"""This person's shape: what the views of one track say of it, against the spread of people."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from facemesh_ros.attributes.face_view import FaceView
from facemesh_ros.attributes.head_pose import HeadPose, PoseFit, robust_weights
from facemesh_ros.attributes.head_shape import HeadShape
from facemesh_ros.attributes.landmark_weights import (
    rigid_landmarks,
    rigid_weights,
    weights_seen_from,
)
from facemesh_ros.geometry.shape_model import ShapeModel
from facemesh_ros.types import Float64

MODES = 10
# A landmark is 3 mm off, and so are the 100 about it: a view counts as few points, not as 468.
LANDMARK_SIGMA_M = 0.003
CORRELATED_LANDMARKS = 100
# Views from about the same direction show the same errors, so they are one view, averaged.
CELL_RAD = math.radians(15)
CELL_MEMORY = 30  # views; older ones fade
# What a cell says fades while others are seen, so that a mistaken face is forgotten.
KEPT_PER_VIEW = 0.998
# Views of a turned head show the landmark model's guess of the far side.
MAX_VIEW_ANGLE_RAD = np.radians(60)
# Rays do not tell a large face from a near one: size is held at the mean, and is a scale's affair.
SIZE_HELD = 1e6


@dataclass(slots=True)
class _Cell:
    """What the views from one direction say: information (K, K) and its vector (K,)."""

    information: Float64
    vector: Float64
    views: int = 0
    weight: float = 1.0

    def add(self, information: Float64, vector: Float64) -> None:
        self.views = min(self.views + 1, CELL_MEMORY)
        self.information += (information - self.information) / self.views
        self.vector += (vector - self.vector) / self.views
        self.weight = 1.0


class FaceIdentity:
    """Coefficients of the shape modes of one face, by maximum a posteriori over its views.

    Least squares of pose and coefficients together, the pose eliminated, with the modes' own
    prior. Information adds up over directions of view, but not over views from the same one.

    Attributes:
        coefficients: (K,) see `ShapeModel`; 0 is the mean.
        head: The shape they make.
        eyeballs_m: (2, 3) their centres, right and left, face axes.
    """

    def __init__(self, shapes: ShapeModel) -> None:
        self._shapes = shapes
        rigid = rigid_landmarks()
        modes = shapes.modes_m[:MODES, rigid].transpose(0, 2, 1)
        self._modes = np.ascontiguousarray(modes)
        self._prior = _prior(shapes.mean_m[rigid].T, self._modes)
        self._precision = len(rigid) / (CORRELATED_LANDMARKS * LANDMARK_SIGMA_M**2)
        self._cells: dict[tuple[int, int], _Cell] = {}
        self.coefficients: Float64 = np.zeros(len(self._modes))
        self.head, self.eyeballs_m = HeadShape.of(shapes.mean_m), shapes.eyeball_centres_m

    @property
    def shape_m(self) -> Float64:
        """The shape (468, 3) m, face axes."""
        return self.head.shape_m

    def learn(self, view: FaceView, fit: PoseFit) -> None:
        """Take in one view of the face.

        Args:
            view: Of 468 landmarks or more.
            fit: Of `head` to that view.
        """
        pose = fit.pose
        if not len(self._modes) or pose.view_angle_rad > MAX_VIEW_ANGLE_RAD:
            return
        for cell in self._cells.values():
            cell.weight *= KEPT_PER_VIEW
        count = len(self._modes)
        nothing = np.zeros((count, count)), np.zeros(count)
        cell = self._cells.setdefault(_direction(pose), _Cell(*nothing))
        cell.add(*self._seen(view, fit))
        self.coefficients = self._estimate()
        self.head = HeadShape.of(self._shapes.shape(self.coefficients))
        self.eyeballs_m = self._shapes.eyeballs(self.coefficients)

    def _estimate(self) -> Float64:
        """Return the coefficients (K,) by all cells.

        From one direction alone a person's shape looks like the landmark model's own error there.
        So of n directions n - 1 count.
        """
        cells = self._cells.values()
        weights = np.array([cell.weight for cell in cells])
        trust = max(0.0, 1 - 1 / weights.sum())
        information = np.tensordot(weights, np.stack([cell.information for cell in cells]), 1)
        vector = weights @ np.stack([cell.vector for cell in cells])
        coefficients: Float64 = np.linalg.solve(self._prior + trust * information, trust * vector)
        return coefficients

    def _seen(self, view: FaceView, fit: PoseFit) -> tuple[Float64, Float64]:
        """Return what one view says of the coefficients, the pose eliminated."""
        rigid = rigid_landmarks()
        count = len(self._modes)
        moves = np.zeros((6 + count, 3, len(rigid)))
        moves[[0, 1, 2], [0, 1, 2]] = 1
        x, y, z = fit.pose.rotation @ self.head.rigid[:3]
        moves[3, 1], moves[3, 2], moves[4, 0] = -z, y, z
        moves[4, 2], moves[5, 0], moves[5, 1] = -x, -y, x
        moves[6:] = fit.pose.rotation @ self._modes
        seen = view.points[:2].take(rigid, 1)
        rows = (moves[:, :2] - seen * moves[:, 2:]).reshape(6 + count, -1)
        residuals = fit.residuals_m.take(rigid, 1)
        weights = robust_weights(weights_seen_from(fit.pose.sight), residuals) * self._precision
        weighed = rows * np.concatenate([weights, weights])
        normal, gradient = weighed @ rows.T, weighed @ residuals.ravel()
        gradient[6:] -= normal[6:, 6:] @ self.coefficients
        gradient[:6] -= normal[:6, 6:] @ self.coefficients
        eliminated = np.linalg.solve(
            normal[:6, :6], np.column_stack([normal[:6, 6:], gradient[:6]])
        )
        information = normal[6:, 6:] - normal[6:, :6] @ eliminated[:, :-1]
        return information, normal[6:, :6] @ eliminated[:, -1] - gradient[6:]


def _direction(pose: HeadPose) -> tuple[int, int]:
    """Return the cell of directions from which a face is seen."""
    forward, left, up = pose.sight.tolist()
    return (
        round(math.atan2(left, forward) / CELL_RAD),
        round(math.asin(min(max(up, -1.0), 1.0)) / CELL_RAD),
    )


def _prior(mean: Float64, modes: Float64) -> Float64:
    """Return the information (K, K) of the prior: variance 1, but size held at the mean."""
    sizes = np.einsum('l,kil,il->k', rigid_weights(), modes, mean)
    length = np.linalg.norm(sizes)
    direction = sizes / length if length > 0 else sizes
    prior: Float64 = np.eye(len(modes)) + SIZE_HELD * np.outer(direction, direction)
    return prior
