"""This person's shape: what the views of one track say of it, against the spread of people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facemesh_ros.attributes.face_view import FaceView
from facemesh_ros.attributes.head_pose import HeadPose, linearised, robust_weights
from facemesh_ros.attributes.landmark_weights import weights_seen_from
from facemesh_ros.geometry.canonical_face import MESH_LANDMARKS
from facemesh_ros.geometry.shape_model import ShapeModel
from facemesh_ros.types import Float64

MODES = 10
# A landmark is 3 mm off, and so are the 150 about it: a view counts as few points, not as 468.
LANDMARK_SIGMA_M = 0.003
CORRELATED_LANDMARKS = 150
# Views from about the same direction show the same errors, so they are one view, averaged.
CELL_RAD = np.radians(15)
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
        shape_m: (468, 3) m, face axes.
    """

    def __init__(self, shapes: ShapeModel) -> None:
        self._shapes = shapes
        self._modes_m = shapes.modes_m[:MODES]
        self._prior = _prior(shapes.mean_m, self._modes_m)
        self._cells: dict[tuple[int, int], _Cell] = {}
        self.coefficients: Float64 = np.zeros(len(self._modes_m))
        self.shape_m = shapes.mean_m

    def learn(self, view: FaceView, pose: HeadPose) -> None:
        """Take in one view of the face.

        Args:
            view: Of 468 landmarks or more.
            pose: As `fit_head_pose` returns it for that view and `shape_m`.
        """
        if not len(self._modes_m) or pose.view_angle_rad > MAX_VIEW_ANGLE_RAD:
            return
        for cell in self._cells.values():
            cell.weight *= KEPT_PER_VIEW
        count = len(self._modes_m)
        nothing = np.zeros((count, count)), np.zeros(count)
        cell = self._cells.setdefault(_direction(pose), _Cell(*nothing))
        cell.add(*self._seen(view, pose))
        self.coefficients = self._estimate()
        self.shape_m = self._shapes.shape(self.coefficients)

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

    def _seen(self, view: FaceView, pose: HeadPose) -> tuple[Float64, Float64]:
        """Return what one view says of the coefficients, the pose eliminated."""
        seen = view.points[:, :MESH_LANDMARKS]
        by_pose, residuals = linearised(pose, self.shape_m, seen)
        turned = pose.rotation @ self._modes_m.transpose(0, 2, 1)
        by_shape = by_pose[0, 0] * turned[:, :2] + by_pose[2] * turned[:, 2:]
        weights = robust_weights(weights_seen_from(pose.sight), residuals)
        weights /= CORRELATED_LANDMARKS * LANDMARK_SIGMA_M**2
        count = len(self._modes_m)
        rows = np.concatenate([by_pose, by_shape]).reshape(6 + count, -1)
        normal = (rows * np.tile(weights, 2)) @ rows.T
        gradient = (rows * np.tile(weights, 2)) @ residuals.ravel()
        gradient[6:] -= normal[6:, 6:] @ self.coefficients
        gradient[:6] -= normal[:6, 6:] @ self.coefficients
        eliminated = np.linalg.solve(
            normal[:6, :6], np.column_stack([normal[:6, 6:], gradient[:6]])
        )
        information = normal[6:, 6:] - normal[6:, :6] @ eliminated[:, :-1]
        return information, normal[6:, :6] @ eliminated[:, -1] - gradient[6:]


def _direction(pose: HeadPose) -> tuple[int, int]:
    """Return the cell of directions from which a face is seen."""
    forward, left, up = pose.sight
    return (
        round(np.arctan2(left, forward) / CELL_RAD),
        round(np.arcsin(np.clip(up, -1, 1)) / CELL_RAD),
    )


def _prior(mean_m: Float64, modes_m: Float64) -> Float64:
    """Return the information (K, K) of the prior: variance 1, but size held at the mean."""
    weights = weights_seen_from(None)
    sizes = np.einsum('l,kli,li->k', weights, modes_m, mean_m)
    length = np.linalg.norm(sizes)
    direction = sizes / length if length > 0 else sizes
    prior: Float64 = np.eye(len(modes_m)) + SIZE_HELD * np.outer(direction, direction)
    return prior
