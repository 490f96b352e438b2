"""This person's shape: what the views of one track say of it, against the spread of people.

Coefficients of the shape modes by maximum a posteriori over the views of a face: least squares of
pose and coefficients together, the pose eliminated, with the modes' own prior. Information adds up
over directions of view, but not over views from the same one: of n directions n - 1 count.
"""

from __future__ import annotations

from facemesh_ros.attributes.landmark_weights import (
    rigid_landmarks,
    rigid_normals,
    rigid_weights,
)
from facemesh_ros.geometry.shape_model import ShapeModel
from facemesh_ros.native import FaceIdentity, ShapeTables

MODES = 10


def shape_tables(shapes: ShapeModel) -> ShapeTables:
    """Return the shapes of people as the faces of all tracks may share them."""
    return ShapeTables(
        rigid=rigid_landmarks(),
        weights=rigid_weights(),
        normals=rigid_normals(),
        mean_m=shapes.mean_m,
        modes_m=shapes.modes_m[:MODES],
        eyeballs_m=shapes.eyeball_centres_m,
        eyeball_modes_m=shapes.eyeball_modes_m[:MODES],
    )


def unknown_person(shapes: ShapeModel) -> FaceIdentity:
    """Return a person of whom nothing is known."""
    return FaceIdentity(shape_tables(shapes))
