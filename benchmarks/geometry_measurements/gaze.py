"""Gaze of rendered heads whose eyes look in known directions, beside two simple ways.

Head only: the face's x axis. Intel's network, Apache-2.0, with Intel's own head pose, in an
environment of its own; its result is turned with the line of sight, as its documentation says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from common.report import Column, Table
from geometry_measurements.goals import Goal
from geometry_measurements.ideal_faces import facing
from geometry_measurements.intel import NAME as INTEL
from geometry_measurements.intel import IntelFace, IntelGaze
from geometry_measurements.pose_errors import angle_deg
from geometry_measurements.systems import (
    OURS,
    SeenFace,
    head_direction,
    seen_in_pictures,
)
from rendered_eyeballs import HUMAN_EYEBALL
from rendered_eyes import HeadModel, Scene, render

from facemesh_ros.geometry.camera import CalibratedCamera, Intrinsics
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.types import Float64, Frame, PixelOrder, UInt8

SCENES, FIRST_SEED = 72, 40000
IMAGE_WH, CAMERA = (800, 600), Intrinsics(800, 800, 399.5, 299.5)
IRIS_M = 0.0117
IRISES_PX = (8, 12, 20)
HEAD_DEG, EYES_DEG = (30.0, 15.0, 10.0), (22.0, 14.0)
IDENTITY_MODES = 100
# People open their eyes more or less, and their lids follow a look more or less.
BLINK, LIDS_FOLLOW = (0.05, 0.35), (0.6, 1.1)
HEAD_ONLY = 'head only'
TITLE = 'Gaze of rendered heads of random people, eyes turned in known directions'
COLUMNS: list[Column] = [
    *(('iris px', '{iris}'), ('system', '{system}'), ('n', '{n} of {of}')),
    *(('error deg', '{median:.1f}'), ('p90', '{p90:.1f}')),
    ('normalised error', '{normalised:.2f}'),
]


@dataclass(frozen=True)
class Look:
    """A rendered face.

    Attributes:
        iris_px: Nominal diameter of its irises.
        bgr: (H, W, 3).
        gaze: (3,) true direction of both eyes in the optical frame.
        face: As the pipeline sees it; None if it does not.
    """

    iris_px: int
    bgr: UInt8
    gaze: Float64
    face: SeenFace | None


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
    looks = list(rendered_looks(HeadModel(head_file), pipeline, count))
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
    return [Table('gaze', TITLE, COLUMNS, rows)], list(_goals(rows))


def rendered_looks(head: HeadModel, pipeline: FacePipeline, count: int) -> Iterator[Look]:
    """Yield rendered heads, the same at each call."""
    for index in range(count):
        scene, iris_px = random_scene(index)
        bgr = render(head, scene, CAMERA, IMAGE_WH)
        frame = Frame(bgr, PixelOrder.BGR, 0, CalibratedCamera(CAMERA))
        (face,) = seen_in_pictures(pipeline, [frame])
        yield Look(iris_px, bgr, scene.gaze, face)


def random_scene(index: int) -> tuple[Scene, int]:
    """Return one of a row of scenes, and the diameter of its irises in px."""
    random = np.random.default_rng(FIRST_SEED + index)
    iris_px = IRISES_PX[index % len(IRISES_PX)]
    distance_m = CAMERA.fx * IRIS_M / iris_px
    across = random.uniform(-1, 1, 2) * [0.2, 0.15] * distance_m
    rotation = facing(*np.radians(random.uniform(-1, 1, 3) * HEAD_DEG))
    left, up = np.radians(random.uniform(-1, 1, 2) * EYES_DEG).tolist()
    identity = tuple(random.normal(size=IDENTITY_MODES).tolist())
    at = np.append(across, distance_m)
    blink, follow = random.uniform(*BLINK), random.uniform(*LIDS_FOLLOW)
    eyes, seed = (left, up), FIRST_SEED + index
    return Scene(rotation, at, eyes, HUMAN_EYEBALL, identity, seed, blink, follow), iris_px


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
