"""Faces in space as RViz shows them: in metres, in any one frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.geometry.camera import Intrinsics, points_by_weak_perspective
from facemesh_ros.struct_of_arrays import StructOfArrays
from facemesh_ros.types import Faces, Float32, Float64, Frame, MetricSource


@dataclass(frozen=True, slots=True)
class FrameTransform:
    """How one frame lies in another: p_target = rotation p_source + translation.

    Attributes:
        rotation: (3, 3).
        translation_m: (3,) m.
    """

    rotation: Float64
    translation_m: Float64


@dataclass(frozen=True, slots=True)
class SceneFaces(StructOfArrays):
    """N faces in one frame; what is not known of a face is NaN.

    Attributes:
        ids: (N,) of their tracks.
        names: (N,) the same as published.
        points_m: (N, L, 3) landmarks, m.
        distances_m: (N,) of the sellion from the camera, m, whatever the frame.
        positions_m: (N, 3) of the sellion, m.
        rotations: (N, 3, 3) axes of the frame from face axes.
        gazes: (N, 2, 3) unit vectors in which the right and the left eye look.
    """

    ids: NDArray[np.int64]
    names: NDArray[np.str_]
    points_m: Float32
    distances_m: Float64
    positions_m: Float64
    rotations: Float64
    gazes: Float64

    def moved(self, transform: FrameTransform) -> SceneFaces:
        """Return the same faces in another frame."""
        turn, shift = transform.rotation, transform.translation_m
        return replace(
            self,
            points_m=(self.points_m @ turn.T + shift).astype(np.float32),
            positions_m=self.positions_m @ turn.T + shift,
            rotations=turn @ self.rotations,
            gazes=self.gazes @ turn.T,
        )


def scene_in_camera(
    faces: Faces, frame: Frame, intrinsics: Callable[[], Intrinsics | None]
) -> SceneFaces | None:
    """Return the faces of an image in the optical frame of its camera, None if they have no place.

    Args:
        faces: The faces.
        frame: Their image.
        intrinsics: Asked where the image has no calibrated camera: what to assume, if anything.
    """
    if frame.camera is not None:
        return measured_scene(faces)
    assumed = intrinsics()
    return None if assumed is None else assumed_scene(faces, assumed)


def measured_scene(faces: Faces) -> SceneFaces:
    """Return those of the faces that have metres, in the optical frame of their camera."""
    metric = faces.metric
    scene = SceneFaces(
        ids=faces.ids,
        names=np.array(faces.names, np.str_),
        points_m=metric.landmarks_m,
        distances_m=np.linalg.norm(metric.positions_m, axis=1),
        positions_m=metric.positions_m,
        rotations=metric.rotations,
        gazes=np.stack([metric.gazes_right, metric.gazes_left], axis=1).astype(float),
    )
    return scene[metric.sources != MetricSource.NONE]


def assumed_scene(faces: Faces, assumed: Intrinsics) -> SceneFaces:
    """Return all faces as an assumed camera may have seen them: to look at, not to measure.

    They have points and nothing else, by weak perspective.
    """
    count = len(faces)
    return SceneFaces(
        ids=faces.ids,
        names=np.array(faces.names, np.str_),
        points_m=points_by_weak_perspective(faces.landmarks, assumed),
        distances_m=np.full(count, np.nan),
        positions_m=np.full((count, 3), np.nan),
        rotations=np.full((count, 3, 3), np.nan),
        gazes=np.full((count, 2, 3), np.nan),
    )
