"""Depth images: how well the mouth and the rigid face are placed, and which depth is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from common.report import Column, Table
from geometry_measurements.depth_faults import SENSORS, FacePlace, with_wall
from geometry_measurements.depth_refusals import REFUSED, refusal_rows
from geometry_measurements.goals import Goal
from geometry_measurements.placed_by_depth import blank_frame, place_by_depth
from geometry_measurements.rigid_face import rigid_differences
from geometry_measurements.systems import SeenFace, seen_in_pictures
from geometry_measurements.truth_sets import KinectPair, ScanPicture

from facemesh_ros.geometry.canonical_face import UPPER_LIP
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.types import Float32, Float64, MetricSource

LOWER_LIP = 14
MAX_RIGID_M, MAX_MOUTH_MM = 0.008, 5.0
# Farther away the sensors have no depth for a face.
MAX_DISTANCE_M = 1.3
PLACED: list[Column] = [
    *(('set', '{set}'), ('depth image', '{sensor}'), ('n', '{n}'), ('by depth', '{used}')),
    *(('mouth mm', '{mouth:.1f}'), ('p90', '{mouth_p90:.1f}'), ('at 1 m', '{mouth_1m:.1f}')),
    *(('sellion along sight %', '{range:+.2f}'), ('p90 of its size', '{range_p90:.2f}')),
    ('rigid face within 8 mm %', '{rigid:.1f}'),
]
TITLE = 'Faces placed by depth, metric_mode depth'


@dataclass(frozen=True)
class Placed:
    """A face placed with a depth image.

    Attributes:
        by_depth: Whether depth said how far it is.
        mouth_mm: Distance of the mouth's centre from the truth; NaN if that is unknown.
        distance_m: True or measured distance of the sellion.
        range_percent: Error of the distance; NaN if unknown.
        rigid: (R,) how far visible rigid landmarks are from the median depth around, m.
    """

    by_depth: bool
    mouth_mm: float
    distance_m: float
    range_percent: float
    rigid: Float64


def measure_scan_depth(
    scanned: Sequence[tuple[ScanPicture, SeenFace | None]],
) -> tuple[list[Table], list[Goal]]:
    """Place the scan by depth images of all kinds, and show what does not belong to it."""
    near = [
        (picture, face)
        for picture, face in scanned
        if face and picture.true.distance_m < MAX_DISTANCE_M
    ]
    placed: dict[str, list[Placed]] = {}
    for sensor, fault in SENSORS.items():
        placed[sensor] = [
            _placed_scan(
                picture, face, fault(with_wall(picture.depth_m), FacePlace(face.landmarks), random)
            )
            for index, (picture, face) in enumerate(near)
            for random in [np.random.default_rng(index)]
        ]
    rows = [{'set': 'scan', 'sensor': sensor, **summary(own)} for sensor, own in placed.items()]
    refusals = list(refusal_rows(near))
    tables = [
        Table('depth', TITLE, PLACED, rows),
        Table('refused', 'Depth that does not belong to the image', REFUSED, refusals),
    ]
    return tables, list(_scan_goals(placed, refusals))


def _placed_scan(picture: ScanPicture, face: SeenFace, depth_m: Float32) -> Placed:
    found = place_by_depth(face, blank_frame(picture), depth_m)
    mouth = found.landmarks_m[0, [UPPER_LIP, LOWER_LIP]].astype(float).mean(axis=0)
    true_m = picture.true.distance_m
    distance = float(np.linalg.norm(found.positions_m[0]))
    return Placed(
        by_depth=found.sources[0] == MetricSource.DEPTH,
        mouth_mm=float(1000 * np.linalg.norm(mouth - picture.mouth_m)),
        distance_m=true_m,
        range_percent=100 * (distance / true_m - 1),
        rigid=rigid_differences(face.landmarks, found.landmarks_m[0], picture.depth_m),
    )


def measure_kinect(
    pairs: Iterable[KinectPair], pipeline: FacePipeline
) -> tuple[list[Table], list[Goal]]:
    """Place faces of a depth camera by its depth."""
    placed = [
        _placed_kinect(pair, face)
        for pair in pairs
        for face in seen_in_pictures(pipeline, [pair.frame()])
        if face
    ]
    row = {'set': 'Kinect v2', 'sensor': 'its own', **summary(placed)}
    goal = Goal(
        'Kinect pairs', 'rigid face within 8 mm of the depth', len(placed), row['rigid'],
        low=95, unit='%',
    )  # fmt: skip
    return [Table('depth', TITLE, PLACED, [row])], [goal]


def _placed_kinect(pair: KinectPair, face: SeenFace) -> Placed:
    found = place_by_depth(face, pair.frame(), pair.depth_m)
    return Placed(
        by_depth=found.sources[0] == MetricSource.DEPTH,
        mouth_mm=np.nan,
        distance_m=float(np.linalg.norm(found.positions_m[0])),
        range_percent=np.nan,
        rigid=rigid_differences(face.landmarks, found.landmarks_m[0], pair.depth_m),
    )


def summary(placed: Sequence[Placed]) -> dict[str, Any]:
    """Return a row of the faces that were placed; `mouth_1m` is the error over the distance."""
    rigid = np.concatenate([each.rigid for each in placed])
    row: dict[str, Any] = {'n': len(placed), 'used': sum(each.by_depth for each in placed)}
    row['rigid'] = float(100 * np.mean(np.abs(rigid) <= MAX_RIGID_M)) if len(rigid) else None
    row |= dict.fromkeys(('mouth', 'mouth_p90', 'mouth_1m', 'range', 'range_p90'))
    known = [each for each in placed if np.isfinite(each.mouth_mm)]
    if known:
        mouth = np.array([each.mouth_mm for each in known])
        ranges = np.array([each.range_percent for each in known])
        row['mouth'] = float(np.median(mouth))
        row['mouth_p90'] = float(np.percentile(mouth, 90))
        row['mouth_1m'] = float(np.median(mouth / [each.distance_m for each in known]))
        row['range'] = float(np.median(ranges))
        row['range_p90'] = float(np.percentile(np.abs(ranges), 90))
    return row


def _scan_goals(
    placed: dict[str, list[Placed]], refusals: Sequence[dict[str, Any]]
) -> Iterator[Goal]:
    row = summary(placed['all of them'])
    on, n = "scan with a sensor's depth", row['n']
    yield Goal(on, 'mouth at 1 m, median', n, row['mouth_1m'], high=MAX_MOUTH_MM, unit='mm')
    yield Goal(on, 'rigid face within 8 mm of the depth', n, row['rigid'], low=95, unit='%')
    used = 100 * row['used'] / n
    yield Goal(on, 'depth of the same moment used', n, used, low=95, unit='%')
    total = sum(each['n'] for each in refusals)
    share = 100 * sum(each['refused'] for each in refusals) / total
    yield Goal(on, 'shifted or stale depth refused', total, share, low=100, unit='%')
