"""The same face moved across the image: how far its metric shape changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from common.report import Column, Table
from geometry_measurements.goals import Goal
from geometry_measurements.ideal_faces import IMAGE_WH, LENSES, exact_estimator, facing, projected
from geometry_measurements.pose_errors import EstimatedPose
from geometry_measurements.systems import MEDIAPIPE, OURS, MediaPipeFace, SeenFace
from geometry_measurements.truth_sets import ScanPicture

from facemesh_ros.types import Float32, Float64, Frame, PixelOrder

DISTANCE_M = 0.6
YAWS_DEG = (0.0, 30.0)
# From the centre to the edge, as shares of half the image.
POSITIONS = ((0.25, 0.0), (0.5, 0.3), (0.5, -0.3), (-0.6, 0.4), (-0.6, -0.4), (0.7, 0.0))
MAX_CHANGE_PERCENT = 1.0
TITLE = 'The same face across the image: how far its metric shape changes'
COLUMNS: list[Column] = [
    *(('faces', '{faces}'), ('lens', '{lens}'), ('system', '{system}'), ('n', '{n}')),
    *(('change of shape %', '{change:.2f}'), ('largest', '{change_max:.2f}')),
    *(('change of size %', '{size:.2f}'), ('largest', '{size_max:.2f}')),
]


def measure_ideal_off_centre() -> tuple[list[Table], list[Goal]]:
    """Move the canonical face, without turning it, across each lens's image."""
    rows = []
    changes: list[tuple[float, float]] = []
    for lens in LENSES:
        own = list(_ideal_changes(lens))
        changes += own
        rows.append({'faces': 'canonical', 'lens': lens, 'system': OURS, **summary(own)})
    # NaN, of a face that was not placed, is the largest.
    worst = float(np.max(np.abs(changes)))
    goal = Goal(
        'off centre, canonical', 'change of metric shape or size, largest', len(changes), worst,
        high=MAX_CHANGE_PERCENT, unit='%',
    )  # fmt: skip
    return [Table('off_centre', TITLE, COLUMNS, rows)], [goal]


def _ideal_changes(lens: str) -> Iterator[tuple[float, float]]:
    for yaw in YAWS_DEG:
        middle, *moved = (
            ideal_shape(lens, np.radians(yaw), at) for at in ((0.0, 0.0), *POSITIONS)
        )
        for shape in moved:
            yield shape_change(shape, middle)


def ideal_shape(lens: str, yaw: float, at: tuple[float, float]) -> Float64:
    """Return the metric landmarks of a canonical face of one orientation in the optical frame.

    Args:
        lens: Name in LENSES.
        yaw: rad.
        at: Where the sellion is seen, -1 to 1 in both directions.
    """
    calibration = LENSES[lens]
    pixel = (np.array(at) + 1) * np.array(IMAGE_WH) / 2
    ray = np.append(calibration.undistorted(pixel[None])[0], 1)
    ray /= np.linalg.norm(ray)
    pose = EstimatedPose(facing(yaw, 0, 0), ray * DISTANCE_M)
    landmarks = projected(pose, calibration).astype(np.float32)[None]
    image = np.zeros((IMAGE_WH[1], IMAGE_WH[0]), np.uint8)
    frame = Frame(image, PixelOrder.MONO, 0, calibration.camera)
    found = exact_estimator().update(np.array([1]), landmarks, frame, 'canonical')
    return found.landmarks_m[0].astype(float)


def scan_off_centre_rows(
    scanned: Sequence[tuple[ScanPicture, SeenFace | None]],
    found: Sequence[MediaPipeFace | None] | None,
) -> list[dict[str, Any]]:
    """Return rows of how far the scan's face, off centre in a wide lens, changes between pictures.

    Args:
        scanned: Pictures and the face that this package sees in each.
        found: MediaPipe's face in each; None if it cannot run here.
    """
    chosen = [index for index, (picture, _) in enumerate(scanned) if picture.kind == 'o']
    own = (scanned[index][1] for index in chosen)
    shapes = {OURS: [face.landmarks_m.astype(float) for face in own if face]}
    peers = (found[index] for index in chosen) if found else ()
    shapes[MEDIAPIPE] = [face.landmarks for face in peers if face]
    about = {'faces': 'scan, landmarks of pictures', 'lens': 'wide'}
    return [
        {**about, 'system': system, **summary(list(_between(each, system)))}
        for system, each in shapes.items()
        if len(each) > 1
    ]


def _between(shapes: Sequence[Float64], system: str) -> Iterator[tuple[float, float]]:
    """Compare each shape with the others; MediaPipe's are in px, so their size says nothing."""
    for index, shape in enumerate(shapes):
        for other in shapes[index + 1 :]:
            change, size = shape_change(shape, other)
            yield change, size if system == OURS else np.nan


def shape_change(shape: Float32 | Float64, reference: Float32 | Float64) -> tuple[float, float]:
    """Return how far a shape differs from another, and how far its size does, %.

    The first is the RMS distance of the landmarks after the best similarity, over the RMS radius;
    the second is that similarity's scale, minus 1. NaN if one of them was not placed.
    """
    if not (np.isfinite(shape).all() and np.isfinite(reference).all()):
        return float('nan'), float('nan')
    own, other = (points - points.mean(axis=0) for points in (shape, reference))
    left, stretch, right = np.linalg.svd(own.T @ other)
    mirror = np.array([1, 1, np.sign(np.linalg.det(left @ right))])
    scale = (stretch * mirror).sum() / (other**2).sum()
    # What a rotation and a scale leave: |own|^2 - scale^2 |other|^2.
    left_over = max((own**2).sum() - scale**2 * (other**2).sum(), 0.0)
    return float(100 * np.sqrt(left_over / (own**2).sum())), float(100 * (scale - 1))


def summary(changes: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Return a row."""
    shape, size = np.abs(np.array(changes)).T
    row: dict[str, Any] = {'n': len(changes)}
    row |= {'change': float(np.median(shape)), 'change_max': float(shape.max())}
    sizes = None if np.isnan(size).any() else size
    row['size'] = None if sizes is None else float(np.median(sizes))
    row['size_max'] = None if sizes is None else float(sizes.max())
    return row
