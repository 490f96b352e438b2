"""The faces of people: a mean shape and the ways in which people differ from it.

Source: ICT-FaceKit's identity modes; see `facemesh_ros/geometry/face_tables/README.md`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from facemesh_ros.geometry.canonical_face import MESH_LANDMARKS, TABLES, canonical_face_m
from facemesh_ros.geometry.eye_landmarks import EYE_CORNERS
from facemesh_ros.types import Float64

METRES_PER_MM = 0.001
# Of adults; the axial length of their eyes is 24 mm.
EYEBALL_RADIUS_M = 0.012
# From an eyeball's centre of rotation, by convention 13.5 mm behind the cornea, to the middle of
# the limbus, the rim of the iris, 3 mm behind it.
IRIS_DISTANCE_M = 0.0105
# White-to-white distance of adults: Rüfer, Schröder, Erb, Cornea 24, 2005, p. 259.
IRIS_M = 0.0117
# An iris in face axes, in radii: its centre, then its rim to the subject's left, up, right, down.
_IRIS = ((0, 0, 0), (0, 1, 0), (0, 0, 1), (0, -1, 0), (0, 0, -1))


@dataclass(frozen=True, slots=True)
class ShapeModel:
    """Faces of adults: mean + coefficients · modes, in face axes (REP-155), m; read-only arrays.

    The origin is the sellion of each shape, and its axes are those of the canonical face laid on
    it by the best rigid fit of the 468 landmarks (Kabsch): no mode moves or turns the head. The
    coefficients are independent and of variance 1 in the population, the modes orthogonal over
    the landmarks, largest first: the first K are the best K. Size is among them.

    Attributes:
        mean_m: (468, 3).
        modes_m: (K, 468, 3) per standard deviation.
        residual_sigmas_m: (468,) standard deviation per axis of what the K modes do not cover.
        eyeball_centres_m: (2, 3) of the mean, right and left.
        eyeball_modes_m: (K, 2, 3) their displacement by each mode.
        eyeball_radius_m: Of the eyeballs.
        expression_names: (E) expressions of ICT-FaceKit, both sides together.
        expressions_m: (E, 468, 3) displacement of the landmarks by each full expression, while
            the skull keeps still.
    """

    mean_m: Float64
    modes_m: Float64
    residual_sigmas_m: Float64
    eyeball_centres_m: Float64
    eyeball_modes_m: Float64
    eyeball_radius_m: float
    expression_names: tuple[str, ...]
    expressions_m: Float64

    def shape(self, coefficients: Float64) -> Float64:
        """Return the landmarks (..., 468, 3) m of faces of (..., k) coefficients, k <= K.

        Example: nobody in particular.
            >>> model = load_shape_model()
            >>> bool(np.all(model.shape(np.zeros(20)) == model.mean_m))
            True
        """
        modes_m = self.modes_m[: coefficients.shape[-1]]
        shape_m: Float64 = self.mean_m + np.tensordot(coefficients, modes_m, axes=1)
        return shape_m

    def eyeballs(self, coefficients: Float64) -> Float64:
        """Return the centres (..., 2, 3) m of the eyeballs, right and left, of such faces."""
        modes_m = self.eyeball_modes_m[: coefficients.shape[-1]]
        centres_m: Float64 = self.eyeball_centres_m + np.tensordot(coefficients, modes_m, axes=1)
        return centres_m


@cache
def load_shape_model() -> ShapeModel:
    """Return the shapes of people; the table is read once."""
    text = (files(TABLES) / 'shapes.csv').read_text(encoding='utf-8')
    header, *rows = csv.reader(text.splitlines())
    table_m = np.array(rows, float) * METRES_PER_MM
    names = [name.removesuffix('_x') for name in header[:-1:3]]
    columns_m = np.ascontiguousarray(
        table_m[:, :-1].reshape(len(table_m), len(names), 3).transpose(1, 0, 2)
    )
    first_expression = 1 + sum(name.startswith('mode_') for name in names)
    for array in (table_m, columns_m):
        array.setflags(write=False)
    modes_m = columns_m[1:first_expression]
    return ShapeModel(
        mean_m=columns_m[0, :MESH_LANDMARKS],
        modes_m=modes_m[:, :MESH_LANDMARKS],
        residual_sigmas_m=table_m[:MESH_LANDMARKS, -1],
        eyeball_centres_m=columns_m[0, MESH_LANDMARKS:],
        eyeball_modes_m=modes_m[:, MESH_LANDMARKS:],
        eyeball_radius_m=EYEBALL_RADIUS_M,
        expression_names=tuple(names[first_expression:]),
        expressions_m=columns_m[first_expression:, :MESH_LANDMARKS],
    )


@cache
def canonical_landmarks_m(landmark_count: int) -> Float64:
    """Return all landmarks of the canonical face, (L, 3) m, face axes, read-only.

    The 468 of the mesh and, where L is 478, those of irises that look straight ahead: each
    eyeball lies behind the corners of its eye as that of the mean shape does.

    Example: an iris is further in than the nose, and between the lids.
        >>> points_m = canonical_landmarks_m(478)
        >>> bool(points_m[4, 0] > points_m[473, 0])
        True
        >>> bool(points_m[374, 2] < points_m[473, 2] < points_m[386, 2])
        True
    """
    face_m = canonical_face_m()
    if landmark_count == MESH_LANDMARKS:
        return face_m
    model = load_shape_model()
    behind_m = model.eyeball_centres_m - model.mean_m[EYE_CORNERS].mean(axis=1)
    irises_m = face_m[EYE_CORNERS].mean(axis=1) + behind_m + (IRIS_DISTANCE_M, 0, 0)
    rims_m = irises_m[:, None] + np.multiply(_IRIS, IRIS_M / 2)
    landmarks_m = np.concatenate([face_m, *rims_m])
    landmarks_m.setflags(write=False)
    return landmarks_m
