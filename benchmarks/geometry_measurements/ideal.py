"""Ideal faces: the canonical face projected by each lens model, exactly or with noise.

OpenCV projects, so this package's lens models are judged too. Nothing here has the errors of a
landmark model, and the shape is known, so poses are estimated without what corrects those.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from common.report import Column, Table
from geometry_measurements.goals import Goal
from geometry_measurements.ideal_faces import (
    DISTANCES_M,
    IMAGE_WH,
    LENSES,
    YAW_DEG,
    IdealFace,
    exact_estimator,
    ideal_faces,
)
from geometry_measurements.lens_calibration import LensCalibration
from geometry_measurements.pose_errors import EstimatedPose, PoseErrors, pose_errors
from geometry_measurements.systems import OURS, PNP, canonical_pnp

from facemesh_ros.types import Float64, Frame, PixelOrder

FACES = 60  # of each lens and distance
NOISE_UP_TO_DEG = 45.0
COLUMNS: list[Column] = [
    *(('lens', '{lens}'), ('distance m', '{distance}'), ('noise px', '{noise:g}')),
    *(('view deg', '{view}'), ('system', '{system}'), ('n', '{n}')),
    *(('rotation deg', '{rotation:.3f}'), ('p90', '{rotation_p90:.3f}')),
    *(('largest', '{rotation_max:.3f}'), ('distance %', '{range:.3f}')),
    *(('p90', '{range_p90:.3f}'), ('largest', '{range_max:.3f}')),
]
Results = dict[tuple[float, str], list[PoseErrors]]


def measure_ideal(faces_each: int = FACES) -> tuple[list[Table], list[Goal]]:
    """Fit poses to ideal faces with no noise and with 1 px."""
    faces = list(ideal_faces(faces_each))
    results = {
        (noise, system): errors_of(faces, system, noise)
        for noise in (0.0, 1.0)
        for system in (OURS, PNP)
    }
    rows = list(_rows(faces, results))
    title = 'The canonical face, projected by OpenCV; distances are absolute errors'
    return [Table('ideal', title, COLUMNS, rows)], list(_goals(faces, results))


def errors_of(faces: Sequence[IdealFace], system: str, noise_px: float) -> list[PoseErrors]:
    """Return a system's errors with independent Gaussian noise on x, y and z of each landmark."""
    random = np.random.default_rng(1)
    errors = []
    for face in faces:
        landmarks = face.landmarks + random.normal(0, 1, face.landmarks.shape) * noise_px
        lens = LENSES[face.lens]
        pose = fitted(landmarks, lens) if system == OURS else canonical_pnp(landmarks, lens)
        errors.append(pose_errors(pose, face.true))
    return errors


def fitted(landmarks: Float64, lens: LensCalibration) -> EstimatedPose:
    """Return this package's pose of a face that it sees for the first time."""
    image = np.broadcast_to(np.uint8(0), (IMAGE_WH[1], IMAGE_WH[0]))
    frame = Frame(image, PixelOrder.MONO, 0, lens.camera)
    points = landmarks.astype(np.float32)[None]
    found = exact_estimator().update(np.array([1]), points, frame, 'canonical')
    return EstimatedPose(found.rotations[0], found.positions_m[0])


def _rows(faces: Sequence[IdealFace], results: Results) -> Iterator[dict[str, Any]]:
    def row(
        noise: float, system: str, lens: str = '', distance_m: float = 0, up_to: float = YAW_DEG
    ) -> dict[str, Any]:
        picked = _picked(faces, results[noise, system], lens, distance_m, up_to)
        labels = {'lens': lens or 'all', 'distance': distance_m or 'all', 'noise': noise}
        return {**labels, 'view': f'up to {up_to:g}', 'system': system, **summary(picked)}

    for lens in LENSES:
        yield row(0.0, OURS, lens)
    yield row(0.0, PNP)
    for distance_m in DISTANCES_M:
        for system in (OURS, PNP):
            yield row(1.0, system, distance_m=distance_m, up_to=NOISE_UP_TO_DEG)
    for system in (OURS, PNP):
        yield row(1.0, system)


def _picked(
    faces: Sequence[IdealFace],
    errors: Sequence[PoseErrors],
    lens: str = '',
    distance_m: float = 0,
    up_to_deg: float = YAW_DEG,
) -> list[PoseErrors]:
    return [
        each
        for face, each in zip(faces, errors, strict=True)
        if lens in ('', face.lens)
        and distance_m in (0, face.distance_m)
        and face.true.view_angle_deg <= up_to_deg
    ]


def summary(errors: Sequence[PoseErrors]) -> dict[str, Any]:
    """Return a row of the sizes of errors: median, 90th percentile, largest."""
    row: dict[str, Any] = {'n': len(errors)}
    for name, values in (
        ('rotation', [each.rotation_deg for each in errors]),
        ('range', [abs(each.distance_percent) for each in errors]),
    ):
        median, p90, largest = np.percentile(values, (50, 90, 100)).tolist()
        row |= {name: median, f'{name}_p90': p90, f'{name}_max': largest}
    return row


def _goals(faces: Sequence[IdealFace], results: Results) -> Iterator[Goal]:
    exact, exact_pnp = (summary(results[0.0, system]) for system in (OURS, PNP))
    for measure, name, high, unit in (
        ('rotation without noise, largest', 'rotation_max', 0.2, 'deg'),
        ('distance without noise, largest', 'range_max', 0.3, '%'),
    ):
        yield Goal(
            'ideal', measure, exact['n'], exact[name], high=high, unit=unit, pnp=exact_pnp[name]
        )
    for measure, name, high, unit in (
        ('rotation, 1 px noise', 'rotation', 1.5, 'deg'),
        ('distance, 1 px noise', 'range', 2.5, '%'),
    ):
        for distance_m in DISTANCES_M:
            ours, pnp = (
                summary(_picked(faces, results[1.0, system], '', distance_m, NOISE_UP_TO_DEG))
                for system in (OURS, PNP)
            )
            yield Goal(
                'ideal',
                f'{measure}, {distance_m:g} m, median',
                ours['n'],
                ours[name],
                high=high,
                unit=unit,
                pnp=pnp[name],
            )
