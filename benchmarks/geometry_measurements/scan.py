"""Pictures of a 3-D scan of a head: poses and their covariance against the truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from common.report import Column, Table
from geometry_measurements.goals import Goal
from geometry_measurements.pose_errors import (
    EXPECTED_NORMALISED_ERROR,
    EstimatedPose,
    PoseErrors,
    pose_errors,
)
from geometry_measurements.systems import (
    MEDIAPIPE,
    MEDIAPIPE_TRUE_CAMERA,
    OURS,
    PNP,
    MediaPipeFace,
    SeenFace,
    canonical_pnp,
)
from geometry_measurements.truth_sets import ScanPicture

BINS_DEG = ((0, 20), (20, 40), (40, 60), (60, 95))
UP_TO_DEG = 60.0
KINDS = {'g': 'turned, tilted', 'o': 'off centre', 'd': 'other distances'}
COLUMNS: list[Column] = [
    *(('pictures', '{group}'), ('system', '{system}'), ('n', '{n} of {of}')),
    *(('rotation deg', '{rotation:.2f}'), ('p90', '{rotation_p90:.2f}')),
    *(('view angle deg', '{view:+.2f}'), ('bearing p90 deg', '{bearing_p90:.2f}')),
    *(('distance %', '{distance:+.1f}'), ('p90 of its size', '{distance_p90:.1f}')),
    *(('within 2 sigma %', '{within:.0f}'), ('normalised error', '{normalised:.2f}')),
]


Scanned = Sequence[tuple[ScanPicture, SeenFace | None]]


@dataclass(frozen=True)
class Judged:
    """Kind and true view angle of a picture, and a system's errors on it; None if it failed."""

    kind: str
    view_angle_deg: float
    errors: PoseErrors | None


def measure_scan(
    scanned: Scanned, found: Sequence[MediaPipeFace | None] | None
) -> tuple[list[Table], list[Goal]]:
    """Judge all systems on the pictures.

    Args:
        scanned: Pictures and the face that this package sees in each.
        found: MediaPipe's face in each; None if it cannot run here.
    """
    judged = {
        system: [judge(picture, pose) for (picture, _), pose in zip(scanned, own, strict=True)]
        for system, own in _poses(scanned, found).items()
    }
    rows = [
        {'group': group, 'system': system, **summary(chosen)}
        for group, picked in _groups(judged)
        for system, chosen in picked.items()
    ]
    table = Table('scan', 'A 3-D scan, rendered: medians, against the truth', COLUMNS, rows)
    return [table], list(_goals(judged))


def _poses(
    scanned: Scanned, found: Sequence[MediaPipeFace | None] | None
) -> dict[str, list[EstimatedPose | None]]:
    """Return each system's pose in each picture."""
    poses = {
        OURS: [face and face.pose for _, face in scanned],
        PNP: [face and canonical_pnp(face.landmarks, picture.lens) for picture, face in scanned],
    }
    if found:
        poses[MEDIAPIPE] = [face and face.pose for face in found]
        poses[MEDIAPIPE_TRUE_CAMERA] = [
            face and face.in_camera(picture.lens)
            for face, (picture, _) in zip(found, scanned, strict=True)
        ]
    return poses


def judge(picture: ScanPicture, pose: EstimatedPose | None) -> Judged:
    """Compare a pose with a picture's truth."""
    errors = pose and pose_errors(pose, picture.true)
    return Judged(picture.kind, picture.view_angle_deg, errors)


def summary(judged: Sequence[Judged]) -> dict[str, Any]:
    """Return a row of medians; `normalised` is over its expectation, 1 if the covariance is right.

    `within` is the share of distances within two standard deviations, %.
    """
    errors = [each.errors for each in judged if each.errors]
    row: dict[str, Any] = {'n': len(errors), 'of': len(judged)}
    names = ('rotation', 'rotation_p90', 'view', 'bearing_p90', 'distance', 'distance_p90')
    row |= dict.fromkeys((*names, 'within', 'normalised'))
    if not errors:
        return row
    values = {name: np.array([getattr(each, name) for each in errors]) for name in vars(errors[0])}
    row['rotation'] = float(np.median(values['rotation_deg']))
    row['rotation_p90'] = float(np.percentile(values['rotation_deg'], 90))
    row['view'] = float(np.median(values['view_angle_deg']))
    row['bearing_p90'] = float(np.percentile(values['bearing_deg'], 90))
    row['distance'] = float(np.median(values['distance_percent']))
    row['distance_p90'] = float(np.percentile(np.abs(values['distance_percent']), 90))
    if np.isfinite(values['normalised']).all():
        row['within'] = float(100 * np.mean(np.abs(values['distance_sigmas']) <= 2))
        row['normalised'] = float(np.median(values['normalised']) / EXPECTED_NORMALISED_ERROR)
    return row


Systems = Mapping[str, Sequence[Judged]]


def _groups(judged: Systems) -> Iterator[tuple[str, dict[str, list[Judged]]]]:
    """Yield names of groups of pictures, and of each system those that are in it."""
    yield 'all', _picked(judged, 0, 180)
    yield f'view up to {UP_TO_DEG:g} deg', _up_to_limit(judged)
    for low, high in BINS_DEG:
        yield f'view {low} to {high} deg', _picked(judged, low, high)
    for kind, name in KINDS.items():
        yield name, _picked(judged, 0, 180, kind)


def _picked(
    judged: Systems, low_deg: float, high_deg: float, kind: str = ''
) -> dict[str, list[Judged]]:
    return {
        system: [
            each for each in own if low_deg <= each.view_angle_deg < high_deg and kind in each.kind
        ]
        for system, own in judged.items()
    }


def _up_to_limit(judged: Systems) -> dict[str, list[Judged]]:
    return _picked(judged, 0, UP_TO_DEG + 0.1)


def _goals(judged: Systems) -> Iterator[Goal]:
    def goal(
        measure: str, name: str, picked: Systems, unit: str, *, size: bool = False, **limits: float
    ) -> Goal:
        rows = {system: summary(own) for system, own in picked.items()}
        values = {
            system: abs(row[name]) if size and row[name] is not None else row[name]
            for system, row in rows.items()
        }
        ours = values[OURS]
        others = {'pnp': values.get(PNP), 'mediapipe': values.get(MEDIAPIPE)}
        return Goal(
            'scan', measure, rows[OURS]['n'], ours, unit=unit,
            **others, **limits,
        )  # fmt: skip

    everything = _picked(judged, 0, 180)
    near = _up_to_limit(judged)
    yield goal('rotation, view up to 60 deg, median', 'rotation', near, 'deg', high=3.5)
    off = _picked(judged, 0, 180, 'o')
    yield goal('rotation off centre, median', 'rotation', off, 'deg', high=4.0)
    for low, high in BINS_DEG:
        picked = _picked(judged, low, high)
        measure = f'bias of the view angle, {low} to {high} deg'
        yield goal(measure, 'view', picked, 'deg', size=True, high=1.5)
    yield goal('bearing, p90', 'bearing_p90', everything, 'deg', high=0.3)
    yield goal('distance within 2 sigma', 'within', everything, '%', low=95)
    yield goal('normalised error', 'normalised', everything, '', low=0.7, high=1.4)
