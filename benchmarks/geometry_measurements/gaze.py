"""Gaze of rendered heads whose eyes look in known directions, beside two simple ways.

Head only: the face's x axis. Intel's network, Apache-2.0, with Intel's own head pose, in an
environment of its own; its result is turned with the line of sight, as its documentation says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from common.report import Column, Table
from geometry_measurements.gaze_budget import measure_budget
from geometry_measurements.gaze_over_time import PEOPLE, measure_gaze_over_time
from geometry_measurements.goals import Goal
from geometry_measurements.intel import NAME as INTEL
from geometry_measurements.intel import IntelFace, IntelGaze
from geometry_measurements.pose_errors import angle_deg
from geometry_measurements.rendered_looks import CAMERA, IRISES_PX, Look, rendered_looks
from geometry_measurements.systems import OURS, head_direction
from rendered_eyes import HeadModel

from facemesh_ros.geometry.camera import CalibratedCamera
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.types import Float64

SCENES = 72
HEAD_ONLY = 'head only'
TITLE = 'Gaze of rendered heads of random people, eyes turned in known directions'
COLUMNS: list[Column] = [
    *(('iris px', '{iris}'), ('system', '{system}'), ('n', '{n} of {of}')),
    *(('error deg', '{median:.1f}'), ('p90', '{p90:.1f}')),
    ('normalised error', '{normalised:.2f}'),
]


def measure_gaze(
    head_file: Path, intel: IntelGaze | None, pipeline: FacePipeline, count: int = SCENES
) -> tuple[list[Table], list[Goal]]:
    """Judge ours, the head's direction and Intel's network.

    Args:
        head_file: ICT-FaceKit's head with eyes.
        intel: None if it cannot run here.
        pipeline: Ours.
        count: Of rendered heads.
    """
    head = HeadModel(head_file)
    looks = list(rendered_looks(head, pipeline, count))
    directions: dict[str, list[Float64 | None]] = {
        OURS: [look.face and mean_gaze(look.face.gazes) for look in looks],
        HEAD_ONLY: [look.face and head_direction(look.face) for look in looks],
    }
    if intel:
        camera = CalibratedCamera(CAMERA)
        directions[INTEL] = intel.directions(
            [look.face and IntelFace(look.bgr, look.face.landmarks, camera) for look in looks]
        )
    rows = [
        {'iris': iris or 'all', 'system': system, **summary(looks, own, iris)}
        for iris in (*IRISES_PX, 0)
        for system, own in directions.items()
    ]
    for row in rows:
        if row['system'] == OURS:
            row['normalised'] = normalised_gaze_error(looks, row['iris'])
    over_time = measure_gaze_over_time(head, pipeline, max(1, PEOPLE * count // SCENES))
    tables = [Table('gaze', TITLE, COLUMNS, rows), measure_budget(looks), over_time]
    return tables, list(_goals(rows))


def mean_gaze(gazes: Float64) -> Float64 | None:
    """Return the mean direction of those of both eyes (2, 3) that are known, None if none is."""
    known = gazes[np.isfinite(gazes[:, 0])].astype(float)
    return known.mean(axis=0) if len(known) else None


def summary(
    looks: Sequence[Look], directions: Sequence[Float64 | None], iris_px: int
) -> dict[str, Any]:
    """Return a row of the errors at one size of irises, or at all of them for 0."""
    chosen = [
        (look, direction)
        for look, direction in zip(looks, directions, strict=True)
        if iris_px in (0, look.iris_px)
    ]
    known = [(look, direction) for look, direction in chosen if direction is not None]
    errors = np.array([angle_deg(direction, look.gaze) for look, direction in known])
    row: dict[str, Any] = {'n': len(known), 'of': len(chosen)}
    row |= dict.fromkeys(('median', 'p90', 'normalised'))
    if known:
        row['median'] = float(np.median(errors))
        row['p90'] = float(np.percentile(errors, 90))
    return row


def normalised_gaze_error(looks: Sequence[Look], iris_px: int | str) -> float | None:
    """Return the median of (error / sigma)^2 over its expectation, 2 ln 2, in two axes."""
    ratios = [
        np.radians(angle_deg(gaze, look.gaze)) / look.face.gaze_sigma_rad
        for look in looks
        if look.face and iris_px in ('all', look.iris_px)
        for gaze in [mean_gaze(look.face.gazes)]
        if gaze is not None
    ]
    return float(np.median(np.square(ratios)) / (2 * np.log(2))) if ratios else None


def _goals(rows: Sequence[dict[str, Any]]) -> Iterator[Goal]:
    medians = {(row['iris'], row['system']): row for row in rows}
    near = medians[12, OURS]
    on = 'rendered eyes'
    median = near['median']
    yield Goal(on, 'gaze, irises of 12 px, median', near['n'], median, high=5, unit='deg')
    ours = medians['all', OURS]
    median = ours['median']
    for other in (HEAD_ONLY, INTEL):
        if ('all', other) in medians:
            limit = medians['all', other]['median']
            yield Goal(
                on, f'gaze, median, against {other}', ours['n'], median, high=limit, unit='deg'
            )
