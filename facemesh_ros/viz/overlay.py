"""What is shown over an image of each face, in pixels: its name, and in metres axes and gaze."""

from __future__ import annotations

import colorsys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from facemesh_ros.geometry.gaze_frame import eye_centres
from facemesh_ros.types import Camera, Faces, Float64, MetricFaces

RGB = tuple[float, float, float]

AXIS_LENGTH_M, GAZE_LENGTH_M = 0.06, 0.08
# x, y and z in red, green and blue, as RViz draws frames.
RGB_OF_AXES: tuple[RGB, ...] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
RGB_OF_GAZE: RGB = (1.0, 1.0, 0.0)  # yellow, which no mesh beside it is


@dataclass(frozen=True, slots=True)
class Arrow:
    """An arrow in an image.

    Attributes:
        ends: (2, 2) px, from and to.
        rgb: Its colour, each in [0, 1].
    """

    ends: Float64
    rgb: RGB


def rgb_of_id(number: int) -> RGB:
    """Return the bright colour of an id, in [0, 1]; neighbouring ids differ clearly."""
    golden_ratio = 0.618034
    return colorsys.hsv_to_rgb((0.8 + number * golden_ratio) % 1.0, 0.6, 1.0)


def label_of(faces: Faces, index: int) -> str:
    """Return a face's id, presence and, in metres, distance."""
    distance_m = np.linalg.norm(faces.metric.positions_m[index])
    in_metres = f' {distance_m:.2f} m' if np.isfinite(distance_m) else ''
    return f'{faces.names[index]} {faces.presences[index]:.2f}{in_metres}'


def arrows_of(camera: Camera, metric: MetricFaces, index: int) -> list[Arrow]:
    """Return a face's axes and where its eyes look, as far as they are known and in view."""
    projected = (
        Arrow(camera.pixels_from_points(ends_m), rgb) for ends_m, rgb in _in_space(metric, index)
    )
    return [arrow for arrow in projected if np.isfinite(arrow.ends).all()]


def _in_space(metric: MetricFaces, index: int) -> Iterator[tuple[Float64, RGB]]:
    """Yield the ends of each arrow, (2, 3) m, NaN where they are unknown, and its colour."""
    origin_m = metric.positions_m[index]
    for axis, rgb in zip(metric.rotations[index].T, RGB_OF_AXES, strict=True):
        yield np.stack([origin_m, origin_m + AXIS_LENGTH_M * axis]), rgb
    gazes = metric.gazes_right[index], metric.gazes_left[index]
    for centre_m, gaze in zip(eye_centres(metric.landmarks_m[index]), gazes, strict=True):
        yield np.stack([centre_m, centre_m + GAZE_LENGTH_M * gaze]), RGB_OF_GAZE
