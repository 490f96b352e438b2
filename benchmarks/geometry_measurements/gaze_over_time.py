"""Gaze of rendered people who are followed: what is learnt of their eyes from look to look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from common.report import Column, Table
from geometry_measurements.pose_errors import angle_deg
from geometry_measurements.rendered_looks import (
    CAMERA,
    IMAGE_WH,
    Look,
    random_scene,
    rendered_look,
)
from rendered_eyes import HeadModel

from facemesh_ros.attributes.head_estimator import HeadEstimator
from facemesh_ros.attributes.resting_eyes import LOOK_S
from facemesh_ros.geometry.camera import CalibratedCamera
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.types import Float32, Frame, PixelOrder

PEOPLE, LOOKS, IRIS_PX, FIRST_SEED = 10, 12, 12, 60000
GROUPS = ((0, 1), (1, 6), (6, 12))
TITLE = 'Gaze of rendered people who are followed, irises of 12 px, a look every 2 s'
COLUMNS: list[Column] = [
    *(('looks seen before', '{before}'), ('n', '{n}'), ('error deg', '{median:.1f}')),
    *(('p90', '{p90:.1f}'), ('of the picture alone', '{alone:.1f}')),
    ('normalised error', '{normalised:.2f}'),
]


def measure_gaze_over_time(head: HeadModel, pipeline: FacePipeline, people: int = PEOPLE) -> Table:
    """Follow people, each of whom looks about."""
    errors = [list(_errors(_looks(head, pipeline, person))) for person in range(people)]
    rows = [_row(low, high, errors) for low, high in GROUPS]
    return Table('gaze_over_time', TITLE, COLUMNS, rows)


def _looks(head: HeadModel, pipeline: FacePipeline, person: int) -> list[Look]:
    seed = FIRST_SEED + 100 * person
    scenes = [random_scene(seed, seed + 1 + look, IRIS_PX) for look in range(LOOKS)]
    return [rendered_look(head, pipeline, scene, IRIS_PX) for scene in scenes]


def _errors(looks: Sequence[Look]) -> Iterator[tuple[float, float, float]]:
    """Yield errors of each look, degrees: followed, its normalised square, alone; NaN: unknown."""
    estimator, camera = HeadEstimator(), CalibratedCamera(CAMERA)
    image = np.zeros(IMAGE_WH[::-1], np.uint8)
    for index, look in enumerate(looks):
        if look.face is None:
            yield np.nan, np.nan, np.nan
            continue
        frame = Frame(image, PixelOrder.MONO, round(index * LOOK_S * 1e9), camera)
        found = estimator.update(np.array([1]), look.face.landmarks[None], frame, 'canonical')
        error = _error(np.stack([found.gazes_left[0], found.gazes_right[0]]), look)
        normalised = (np.radians(error) / float(found.gaze_sigmas_rad[0])) ** 2
        yield error, normalised, _error(look.face.gazes, look)


def _error(gazes: Float32, look: Look) -> float:
    """Return how far the gazes (2, 3) of both eyes are off, degrees; NaN if both are unknown."""
    known = gazes[np.isfinite(gazes[:, 0])].astype(float)
    return angle_deg(known[0], look.gaze) if len(known) else np.nan


def _row(
    low: int, high: int, errors: Sequence[Sequence[tuple[float, float, float]]]
) -> dict[str, Any]:
    chosen = np.array([each for own in errors for each in own[low:high]])
    chosen = chosen[np.isfinite(chosen).all(axis=1)]
    before = str(low) if high == low + 1 else f'{low} to {high - 1}'
    row: dict[str, Any] = {'before': before, 'n': len(chosen)}
    row |= dict.fromkeys(('median', 'p90', 'alone', 'normalised'))
    if len(chosen):
        median, p90 = np.percentile(chosen[:, 0], [50, 90]).tolist()
        _, normalised, alone = np.median(chosen, axis=0).tolist()
        row |= {'median': median, 'p90': p90, 'alone': alone}
        row['normalised'] = normalised / (2 * np.log(2))
    return row
