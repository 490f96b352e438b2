"""Depth images: how well the mouth and the rigid face are placed, and which depth is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from common.report import Column, Table
from geometry_measurements.depth_faults import SENSORS, FacePlace, shifted, with_wall
from geometry_measurements.goals import Goal
from geometry_measurements.systems import SeenFace, seen_in_pictures
from geometry_measurements.truth_sets import KinectPair, ScanPicture

from facemesh_ros.attributes.head_estimator import HeadEstimator
from facemesh_ros.geometry.canonical_face import (
    FACE_REGION,
    MESH_LANDMARKS,
    UPPER_LIP,
    canonical_face_m,
    load_topology,
)
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.types import (
    DepthImage,
    Float32,
    Float64,
    Frame,
    MetricFaces,
    MetricSource,
    PixelOrder,
)

LOWER_LIP = 14
RIGID_REGIONS = (FACE_REGION, 'nose')
MAX_RIGID_M, MAX_MOUTH_MM = 0.008, 5.0
# The rigid face is compared where it turns less than this away from the camera.
MIN_FACING = 0.5
WINDOW_PX = 2  # on each side of a landmark
# Farther away the sensors have no depth for a face.
MAX_DISTANCE_M = 1.3
SHIFTS = (0.3, 0.5, 1.0)  # of the face's width, in four directions
AGES_S = (0.5, 2.0, 10.0)
OTHER_DISTANCES = (0.6, 1.5)
PLACED: list[Column] = [
    *(('set', '{set}'), ('depth image', '{sensor}'), ('n', '{n}'), ('by depth', '{used}')),
    *(('mouth mm', '{mouth:.1f}'), ('p90', '{mouth_p90:.1f}'), ('at 1 m', '{mouth_1m:.1f}')),
    *(('sellion along sight %', '{range:+.2f}'), ('p90 of its size', '{range_p90:.2f}')),
    ('rigid face within 8 mm %', '{rigid:.1f}'),
]
TITLE = 'Faces placed by depth, metric_mode depth'
REFUSED: list[Column] = [
    *(('fault', '{fault}'), ('n', '{n}'), ('refused', '{refused}')),
    ('distance error of those not refused, largest %', '{worst:.1f}'),
]


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


def estimate(
    face: SeenFace, frame: Frame, depth_m: Float32, age_s: float = 0.0, mode: str = 'depth'
) -> MetricFaces:
    """Place one face of a picture by itself with a depth image of some age."""
    depth = DepthImage(depth_m, frame.stamp_ns - round(1e9 * age_s))
    with_depth = Frame(frame.image, frame.order, frame.stamp_ns, frame.camera, depth)
    return HeadEstimator().update(np.array([1]), face.landmarks[None], with_depth, mode)


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
    refusals = list(_refusals(near))
    tables = [
        Table('depth', TITLE, PLACED, rows),
        Table('refused', 'Depth that does not belong to the image', REFUSED, refusals),
    ]
    return tables, list(_scan_goals(placed, refusals))


def _placed_scan(picture: ScanPicture, face: SeenFace, depth_m: Float32) -> Placed:
    found = estimate(face, _blank(picture), depth_m)
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


def _blank(picture: ScanPicture) -> Frame:
    """Return a frame of a picture's camera; its pixels are not looked at any more."""
    width, height = picture.lens.image_wh
    image = np.broadcast_to(np.uint8(0), (height, width))
    return Frame(image, PixelOrder.MONO, 10**12, picture.lens.camera)


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
    found = estimate(face, pair.frame(), pair.depth_m)
    return Placed(
        by_depth=found.sources[0] == MetricSource.DEPTH,
        mouth_mm=np.nan,
        distance_m=float(np.linalg.norm(found.positions_m[0])),
        range_percent=np.nan,
        rigid=rigid_differences(face.landmarks, found.landmarks_m[0], pair.depth_m),
    )


def rigid_differences(landmarks: Float32, landmarks_m: Float32, depth_m: Float32) -> Float64:
    """Return how far visible rigid landmarks are from the median of the depth around them, m.

    Args:
        landmarks: (L, 3) px.
        landmarks_m: (L, 3) m in the optical frame.
        depth_m: (H, W); 0 or NaN where nothing is known. Landmarks without known depth in the
            window around them are left out.
    """
    points = landmarks_m[:MESH_LANDMARKS].astype(float)
    differences = []
    for index in np.flatnonzero(rigid_landmarks() & (facing_camera(points) > MIN_FACING)):
        x, y = np.rint(landmarks[index, :2]).astype(int)
        top, left = max(y - WINDOW_PX, 0), max(x - WINDOW_PX, 0)
        around = depth_m[top : y + WINDOW_PX + 1, left : x + WINDOW_PX + 1]
        known = around[around > 0]
        if known.size > around.size / 2:
            differences.append(points[index, 2] - float(np.median(known)))
    return np.array(differences)


def rigid_landmarks() -> np.ndarray:
    """Return which of the 468 landmarks lie on skin that expressions hardly move, (468,) bool."""
    topology = load_topology(MESH_LANDMARKS)
    heights = canonical_face_m()[:, 2]
    rigid = [topology.region_names.index(name) for name in RIGID_REGIONS]
    is_skin = np.isin(topology.region_of_landmark[:MESH_LANDMARKS], rigid)
    return np.asarray(is_skin & (heights > heights[UPPER_LIP]))


def facing_camera(points_m: Float64) -> Float64:
    """Return the cosine between each landmark's normal and the line to the camera, (468,)."""
    corners = points_m[load_topology(MESH_LANDMARKS).triangles.astype(int)]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    of_landmarks = np.zeros_like(points_m)
    for corner in range(3):
        np.add.at(
            of_landmarks,
            load_topology(MESH_LANDMARKS).triangles[:, corner].astype(int),
            normals,
        )
    lengths = np.linalg.norm(of_landmarks, axis=1) * np.linalg.norm(points_m, axis=1)
    cosines: Float64 = -(of_landmarks * points_m).sum(axis=1) / lengths
    return cosines


def _refusals(near: Sequence[tuple[ScanPicture, SeenFace]]) -> Iterator[dict[str, Any]]:
    for share in SHIFTS:
        yield _refused(f'shifted by {share:g} face widths', _shifted(near, share))
    for age_s in AGES_S:
        yield _refused(f'{age_s:g} s old', _of_age(near, age_s))
    for factor in OTHER_DISTANCES:
        yield _refused(f'of a face at {factor:g} times the distance', _scaled(near, factor))


Refusal = tuple[bool, float]


def _shifted(near: Sequence[tuple[ScanPicture, SeenFace]], share: float) -> Iterator[Refusal]:
    for index, (picture, face) in enumerate(near):
        place = FacePlace(face.landmarks)
        depth_m = SENSORS['all of them'](
            with_wall(picture.depth_m), place, np.random.default_rng(index)
        )
        by = share * place.width
        for by_xy in ((by, 0.0), (-by, 0.0), (0.0, by), (0.0, -by)):
            yield _outcome(picture, estimate(face, _blank(picture), shifted(depth_m, by_xy)))


def _of_age(near: Sequence[tuple[ScanPicture, SeenFace]], age_s: float) -> Iterator[Refusal]:
    for picture, face in near:
        depth_m = with_wall(picture.depth_m)
        yield _outcome(picture, estimate(face, _blank(picture), depth_m, age_s))


def _scaled(near: Sequence[tuple[ScanPicture, SeenFace]], factor: float) -> Iterator[Refusal]:
    for picture, face in near:
        depth_m = with_wall(picture.depth_m) * np.float32(factor)
        yield _outcome(picture, estimate(face, _blank(picture), depth_m))


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


def summary(placed: Sequence[Placed]) -> dict[str, Any]:
    """Return a row; `mouth_1m` is the median of the error over the distance, mm at 1 m."""
    mouth = np.array([each.mouth_mm for each in placed])
    ranges = np.array([each.range_percent for each in placed])
    distances = np.array([each.distance_m for each in placed])
    rigid = np.concatenate([each.rigid for each in placed])
    row: dict[str, Any] = {'n': len(placed), 'used': sum(each.by_depth for each in placed)}
    row |= dict.fromkeys(('mouth', 'mouth_p90', 'mouth_1m', 'range', 'range_p90'))
    if np.isfinite(mouth).all():
        row['mouth'] = float(np.median(mouth))
        row['mouth_p90'] = float(np.percentile(mouth, 90))
        row['mouth_1m'] = float(np.median(mouth / distances))
        row['range'] = float(np.median(ranges))
        row['range_p90'] = float(np.percentile(np.abs(ranges), 90))
    row['rigid'] = float(100 * np.mean(np.abs(rigid) <= MAX_RIGID_M)) if len(rigid) else np.nan
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
