"""One man in several calibrated cameras: how far what they say of the same moment differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from common.command import log
from common.report import Column, Table
from geometry_measurements.goals import Goal
from geometry_measurements.intel import NAME as INTEL
from geometry_measurements.intel import IntelFace, IntelGaze
from geometry_measurements.pose_errors import (
    EXPECTED_NORMALISED_ERROR,
    EstimatedPose,
    angle_deg,
    normalised_error,
    rotation_deg,
)
from geometry_measurements.systems import (
    MEDIAPIPE,
    MEDIAPIPE_TRUE_CAMERA,
    OURS,
    PNP,
    MediaPipePeer,
    SeenFace,
    canonical_pnp,
    seen_in_pictures,
    seen_in_stream,
)
from geometry_measurements.truth_sets import WorldCamera

from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.types import Float64, Frame

PICTURES, STREAM = 'single pictures', 'stream'
HEADS_OURS = f'heads ours, gaze by {INTEL}'
BINS_DEG = ((0, 30), (30, 60), (60, 95))
MAX_ROTATION_DEG, MAX_POSITION_PERCENT = 4.5, 3.0
COLUMNS: list[Column] = [
    *(('as', '{mode}'), ('larger view angle', '{group}'), ('system', '{system}')),
    *(('pairs', '{n}'), ('rotations deg', '{rotation:.2f}'), ('p90', '{rotation_p90:.2f}')),
    *(('positions %', '{position:.2f}'), ('p90', '{position_p90:.2f}')),
    ('heads face deg', '{facing:.1f}'),
    *(('gazes deg', '{gaze:.1f}'), ('normalised error', '{normalised:.2f}')),
]


@dataclass(frozen=True)
class WorldFace:
    """A head in the world.

    Attributes:
        pose: Its pose there.
        view_angle_deg: In its camera.
        distance_m: From its camera.
        gazes: (2, 3) directions of the eyes in the world; NaN if unknown.
        camera: Name of the camera.
    """

    pose: EstimatedPose
    view_angle_deg: float
    distance_m: float
    gazes: Float64
    camera: str = ''


@dataclass(frozen=True)
class PairDifference:
    """How far two cameras differ at one moment.

    Attributes:
        cameras: Their names.
        view_angle_deg: The larger one.
        rotation_deg: Angle between the orientations.
        position_percent: Distance of the positions, % of the mean distance from the cameras.
        facing_deg: Angle between the directions of the heads.
        gaze_deg: Mean angle between the gazes of an eye; NaN if unknown.
        normalised: e' C^-1 e / 6, C being the sum of both covariances; NaN if not stated.
    """

    cameras: str
    view_angle_deg: float
    rotation_deg: float
    position_percent: float
    facing_deg: float
    gaze_deg: float
    normalised: float


Track = Sequence[WorldFace | None]


def measure_views(
    cameras: Sequence[WorldCamera],
    pipeline: FacePipeline,
    peer: MediaPipePeer | None,
    intel: IntelGaze | None,
    every: int,
) -> tuple[list[Table], list[Goal]]:
    """Run all systems on the recordings; `every` so many frames as single pictures."""
    tracks: dict[tuple[str, str], list[Track]] = {}
    for camera in cameras:
        log(f'views: {camera.video.name}')
        frames = list(camera.frames())
        picked = frames[::every]
        stream = seen_in_stream(pipeline, frames)
        pictures = seen_in_pictures(pipeline, picked)
        found: dict[tuple[str, str], Track] = {
            (PICTURES, OURS): [_ours(camera, face) for face in pictures],
            (PICTURES, PNP): [_pnp(camera, face) for face in pictures],
            (STREAM, OURS): [_ours(camera, face) for face in stream],
            (STREAM, PNP): [_pnp(camera, face) for face in stream],
        }
        if intel:
            found[PICTURES, HEADS_OURS] = _intel(camera, picked, pictures, intel)
        if peer:
            faces = peer.faces([np.ascontiguousarray(frame.image[..., ::-1]) for frame in picked])
            found[PICTURES, MEDIAPIPE] = [face and _in_world(camera, face.pose) for face in faces]
            found[PICTURES, MEDIAPIPE_TRUE_CAMERA] = [
                face and _in_world(camera, face.in_camera(camera.lens)) for face in faces
            ]
        for key, track in found.items():
            tracks.setdefault(key, []).append(track)
    differences = {key: list(pair_differences(own)) for key, own in tracks.items()}
    rows = list(_rows(differences))
    title = 'One man in several cameras: how far two of them differ, medians over pairs'
    return [Table('views', title, COLUMNS, rows)], list(_goals(differences))


def pair_differences(tracks: Sequence[Track]) -> Iterator[PairDifference]:
    """Yield the differences of all pairs of cameras that see the face at the same moment."""
    for moment in zip(*tracks, strict=True):
        for first, second in combinations([face for face in moment if face], 2):
            yield pair_difference(first, second)


def pair_difference(first: WorldFace, second: WorldFace) -> PairDifference:
    """Compare what two cameras say."""
    a, b = first.pose, second.pose
    apart_m = np.linalg.norm(a.position_m - b.position_m)
    both = None if a.covariance is None or b.covariance is None else a.covariance + b.covariance
    gazes = [angle_deg(*eye) for eye in zip(first.gazes, second.gazes, strict=True)]
    return PairDifference(
        cameras=f'{first.camera} and {second.camera}',
        view_angle_deg=max(first.view_angle_deg, second.view_angle_deg),
        rotation_deg=rotation_deg(a.rotation, b.rotation),
        position_percent=float(200 * apart_m / (first.distance_m + second.distance_m)),
        facing_deg=angle_deg(a.rotation[:, 0], b.rotation[:, 0]),
        gaze_deg=float(np.mean(gazes)),
        normalised=normalised_error(a, b, both),
    )


def _ours(camera: WorldCamera, face: SeenFace | None) -> WorldFace | None:
    if face is None or face.pose is None:
        return None
    return _in_world(camera, face.pose, face.gazes.astype(float))


def _pnp(camera: WorldCamera, face: SeenFace | None) -> WorldFace | None:
    return face and _in_world(camera, canonical_pnp(face.landmarks, camera.lens))


def _intel(
    camera: WorldCamera,
    frames: Sequence[Frame],
    seen: Sequence[SeenFace | None],
    intel: IntelGaze,
) -> Track:
    """Return our heads with the gaze of Intel's network, the same for both eyes."""
    gazes = intel.directions(
        [
            face and IntelFace(frame.image, face.landmarks, camera.lens.camera)
            for frame, face in zip(frames, seen, strict=True)
        ]
    )
    return [
        face and face.pose and _in_world(camera, face.pose, np.tile(gaze, (2, 1)))
        for face, gaze in zip(seen, gazes, strict=True)
    ]


def _in_world(camera: WorldCamera, pose: EstimatedPose, gazes: Float64 | None = None) -> WorldFace:
    gazes = np.full((2, 3), np.nan) if gazes is None else gazes
    at = camera.in_world(pose)
    name = camera.video.stem
    return WorldFace(at, pose.view_angle_deg, pose.distance_m, gazes @ camera.rotation, name)


Differences = Mapping[tuple[str, str], Sequence[PairDifference]]


def _rows(differences: Differences) -> Iterator[dict[str, Any]]:
    for low, high in ((0, 180), *BINS_DEG):
        for (mode, system), own in differences.items():
            picked = [each for each in own if low <= each.view_angle_deg < high]
            if picked:
                group = 'all' if high == 180 else f'{low} to {high} deg'
                yield {'mode': mode, 'group': group, 'system': system, **summary(picked)}
    for cameras in sorted({each.cameras for each in differences[STREAM, OURS]}):
        own = [each for each in differences[STREAM, OURS] if each.cameras == cameras]
        yield {'mode': STREAM, 'group': f'any, {cameras}', 'system': OURS, **summary(own)}


def summary(pairs: Sequence[PairDifference]) -> dict[str, Any]:
    """Return a row of medians; `normalised` is over its expectation."""
    names = [name for name in vars(pairs[0]) if name != 'cameras']
    values = {name: np.array([getattr(pair, name) for pair in pairs]) for name in names}
    gazes = values['gaze_deg'][np.isfinite(values['gaze_deg'])]
    normalised = float(np.median(values['normalised']) / EXPECTED_NORMALISED_ERROR)
    return {
        'n': len(pairs),
        'rotation': float(np.median(values['rotation_deg'])),
        'rotation_p90': float(np.percentile(values['rotation_deg'], 90)),
        'position': float(np.median(values['position_percent'])),
        'position_p90': float(np.percentile(values['position_percent'], 90)),
        'facing': float(np.median(values['facing_deg'])),
        'gaze': float(np.median(gazes)) if len(gazes) else None,
        'normalised': normalised if np.isfinite(normalised) else None,
    }


def _goals(differences: Differences) -> Iterator[Goal]:
    for mode in (PICTURES, STREAM):
        rows = {system: summary(own) for (as_, system), own in differences.items() if as_ == mode}
        ours, on = rows[OURS], f'four cameras, {mode}'

        def goal(
            measure: str,
            name: str,
            unit: str,
            rows: Mapping[str, Mapping[str, Any]] = rows,
            on: str = on,
            **limits: float,
        ) -> Goal:
            others = {
                'pnp': rows[PNP][name],
                'mediapipe': rows[MEDIAPIPE_TRUE_CAMERA][name]
                if MEDIAPIPE_TRUE_CAMERA in rows
                else None,
            }
            value = rows[OURS][name]
            n = rows[OURS]['n']
            return Goal(on, measure, n, value, unit=unit, **others, **limits)

        yield goal('rotations, median', 'rotation', 'deg', high=MAX_ROTATION_DEG)
        yield goal('positions, p90', 'position_p90', '%', high=MAX_POSITION_PERCENT)
        yield goal('normalised error of pairs', 'normalised', '', low=0.7, high=1.4)
        if ours['gaze'] is not None:
            yield goal('gazes, median', 'gaze', 'deg', high=8.0)
            yield goal('gazes, against heads alone', 'gaze', 'deg', high=ours['facing'])
        if HEADS_OURS in rows and ours['gaze'] is not None:
            limit = rows[HEADS_OURS]['gaze']
            yield goal("gazes, against Intel's network", 'gaze', 'deg', high=limit)
