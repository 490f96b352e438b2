"""Depth images that do not belong to a picture: which are refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from common.report import Column
from geometry_measurements.depth_faults import SENSORS, FacePlace, shifted, with_wall
from geometry_measurements.placed_by_depth import blank_frame, place_by_depth
from geometry_measurements.systems import SeenFace
from geometry_measurements.truth_sets import ScanPicture

from facemesh_ros.types import MetricFaces, MetricSource

SHIFTS = (0.3, 0.5, 1.0)  # of the face's width, in four directions
AGES_S = (0.5, 2.0, 10.0)
OTHER_DISTANCES = (0.6, 1.5)
REFUSED: list[Column] = [
    *(('fault', '{fault}'), ('n', '{n}'), ('refused', '{refused}')),
    ('distance error of those not refused, largest %', '{worst:.1f}'),
]


Near = Sequence[tuple[ScanPicture, SeenFace]]
Refusal = tuple[bool, float]  # whether refused; error of the distance, %


def refusal_rows(near: Near) -> Iterator[dict[str, Any]]:
    """Yield how much is refused of depth that is shifted, late, or of another distance."""
    for share in SHIFTS:
        yield _refused(f'shifted by {share:g} face widths', _shifted(near, share))
    for age_s in AGES_S:
        yield _refused(f'{age_s:g} s old', _of_age(near, age_s))
    for factor in OTHER_DISTANCES:
        yield _refused(f'of a face at {factor:g} times the distance', _scaled(near, factor))


def _shifted(near: Near, share: float) -> Iterator[Refusal]:
    for index, (picture, face) in enumerate(near):
        place = FacePlace(face.landmarks)
        depth_m = SENSORS['all of them'](
            with_wall(picture.depth_m), place, np.random.default_rng(index)
        )
        by = share * place.width
        for by_xy in ((by, 0.0), (-by, 0.0), (0.0, by), (0.0, -by)):
            yield _outcome(
                picture, place_by_depth(face, blank_frame(picture), shifted(depth_m, by_xy))
            )


def _of_age(near: Near, age_s: float) -> Iterator[Refusal]:
    for picture, face in near:
        depth_m = with_wall(picture.depth_m)
        yield _outcome(picture, place_by_depth(face, blank_frame(picture), depth_m, age_s))


def _scaled(near: Near, factor: float) -> Iterator[Refusal]:
    for picture, face in near:
        depth_m = with_wall(picture.depth_m) * np.float32(factor)
        yield _outcome(picture, place_by_depth(face, blank_frame(picture), depth_m))


def _outcome(picture: ScanPicture, found: MetricFaces) -> Refusal:
    """Return whether depth was refused, and the error of the distance, %."""
    distance = float(np.linalg.norm(found.positions_m[0]))
    refused = found.sources[0] != MetricSource.DEPTH
    return bool(refused), 100 * abs(distance / picture.true.distance_m - 1)


def _refused(fault: str, outcomes: Iterator[Refusal]) -> dict[str, Any]:
    all_ = list(outcomes)
    taken = [error for refused, error in all_ if not refused]
    return {
        'fault': fault,
        'n': len(all_),
        'refused': len(all_) - len(taken),
        'worst': max(taken) if taken else None,
    }
