"""The landmark model's pull towards frontal: fitted on one set of known heads, tried on another.

The figures are those of `facemesh_ros.attributes.view_angle`. Each picture's pose is fitted as
the product does it, without the correction; then the correction's gains are found by robust least
squares. On the scan two more figures, a constant turn of the face's axes, stand for that man's
own asymmetry and for the set's definition of his axes (good to about 2 degrees), and are not
used for anything else; so does a constant factor of his size. In several cameras only what they
say against each other counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import cv2
import numpy as np
from common.report import Column, Table
from geometry_measurements.pose_errors import EstimatedPose, angle_deg, rotation_deg
from geometry_measurements.systems import SeenFace, seen_in_pictures
from geometry_measurements.truth_sets import ScanPicture, WorldCamera

from facemesh_ros.attributes.head_pose import HeadPose
from facemesh_ros.attributes.posed_face import CORRECTION, pose_face
from facemesh_ros.attributes.view_angle import ViewAngleCorrection
from facemesh_ros.geometry.rotations import rotation_from_vector
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.types import Float64

MAX_VIEW_ANGLE_DEG = 61.0  # of a fit; of the larger angles there is one picture
# Errors at which one counts half: about those that stay after the fit.
SOFT_DEG, SOFT_PERCENT = 4.0, 3.0
STEPS, DIFFERENCE = 30, 1e-3
COLUMNS: list[Column] = [
    *(('fitted on', '{fitted}'), ('yaw gain', '{yaw:.3f}'), ('pitch gain', '{pitch:.3f}')),
    *(('distance gain', '{distance:.3f}'), ('scan deg', '{scan:.2f}')),
    *(('without his own turn', '{turned:.2f}'), ('view angle 0 to 20', '{low:+.2f}')),
    *(('20 to 40', '{middle:+.2f}'), ('40 to 60', '{high:+.2f}')),
    *(('cameras deg', '{views:.2f}'), ('positions %', '{positions:.2f}')),
]
Residuals = Callable[[Float64], Float64]


@dataclass(frozen=True)
class KnownHead:
    """A fitted pose without the correction, and the true one."""

    fitted: HeadPose
    true: EstimatedPose
    view_angle_deg: float


@dataclass(frozen=True)
class WorldHead:
    """A fitted pose without the correction, in a camera of several."""

    fitted: HeadPose
    camera: WorldCamera

    def in_world(self, correction: ViewAngleCorrection) -> EstimatedPose:
        """Return where the head is."""
        pose = correction.apply(self.fitted)
        return self.camera.in_world(EstimatedPose(pose.rotation, pose.position_m))


Pair = tuple[WorldHead, WorldHead]


def measure_view_angle(
    scanned: Sequence[tuple[ScanPicture, SeenFace | None]],
    cameras: Sequence[WorldCamera],
    pipeline: FacePipeline,
    every: int,
) -> list[Table]:
    """Fit the correction on each set and on both, and try it on each; `every` so many frames."""
    heads = [
        KnownHead(_fitted(face, picture.lens.camera), picture.true, picture.view_angle_deg)
        for picture, face in scanned
        if face and picture.view_angle_deg < MAX_VIEW_ANGLE_DEG
    ]
    pairs = list(_pairs(cameras, pipeline, every))
    half, rest = heads[::2], heads[1::2]
    trials = (
        ('none', ViewAngleCorrection.none(), heads),
        ('every other picture of the scan, tried on the rest', _best(half, []), rest),
        ('scan', _best(heads, []), heads),
        ('cameras', _best([], pairs), heads),
        ('both', _best(heads, pairs), heads),
        ('as it is used', CORRECTION, heads),
    )
    rows = [{'fitted': name, **_summary(gains, tried, pairs)} for name, gains, tried in trials]
    title = "The landmark model's pull: the correction fitted on each set, tried on both"
    return [Table('view_angle', title, COLUMNS, rows)]


def _fitted(face: SeenFace, camera: Any) -> HeadPose:
    return pose_face(face.landmarks, camera, correction=ViewAngleCorrection.none()).pose


def _pairs(cameras: Sequence[WorldCamera], pipeline: FacePipeline, every: int) -> Iterator[Pair]:
    """Yield what two cameras see at the same moment."""
    tracks = [
        [
            WorldHead(_fitted(face, camera.lens.camera), camera) if face else None
            for face in seen_in_pictures(pipeline, list(camera.frames())[::every])
        ]
        for camera in cameras
    ]
    for moment in zip(*tracks, strict=True):
        yield from combinations([head for head in moment if head], 2)


def _best(heads: Sequence[KnownHead], pairs: Sequence[Pair]) -> ViewAngleCorrection:
    """Return the correction that suits known heads and pairs, both sets counting the same."""

    def residuals(values: Float64) -> Float64:
        correction = _correction(values)
        own = np.array([_errors(head, correction, values[3:5]) for head in heads]).reshape(-1, 4)
        own[:, 3] -= np.median(own[:, 3]) if len(own) else 0
        apart = np.array([_differences(pair, correction) for pair in pairs]).reshape(-1, 6)
        return np.concatenate([_soft(own), _soft(apart)])

    return _correction(_minimised(residuals, np.zeros(5)))


def _correction(values: Float64) -> ViewAngleCorrection:
    yaw, pitch, distance = values[:3].tolist()
    return replace(CORRECTION, yaw_gain=yaw, pitch_gain=pitch, distance_gain=distance)


def _errors(head: KnownHead, correction: ViewAngleCorrection, turn: Float64) -> list[float]:
    """Return the rotation's error, degrees, and the distance's, %, of a man with an own turn."""
    own = rotation_from_vector(np.array([0.0, turn[0], turn[1]]))
    pose = correction.apply(HeadPose(head.fitted.rotation @ own, head.fitted.position_m))
    distance = np.linalg.norm(pose.position_m) / head.true.distance_m
    return [*_turn_deg(head.true.rotation.T @ pose.rotation), 100 * float(np.log(distance))]


def _differences(pair: Pair, correction: ViewAngleCorrection) -> list[float]:
    """Return the difference of two rotations, degrees, and of positions, % of the distance."""
    one, other = (head.in_world(correction) for head in pair)
    mean_m = np.mean([np.linalg.norm(head.fitted.position_m) for head in pair])
    apart = 100 * (one.position_m - other.position_m) / mean_m
    return [*_turn_deg(one.rotation.T @ other.rotation), *apart.tolist()]


def _turn_deg(rotation: Float64) -> list[float]:
    vector: list[float] = np.degrees(cv2.Rodrigues(rotation)[0]).ravel().tolist()
    return vector


def _soft(errors: Float64) -> Float64:
    """Return errors (N, 3 + K), degrees and %, under Cauchy's loss, and each set's mean alike."""
    if not len(errors):
        return np.empty(0)
    parts = [(errors[:, :3], SOFT_DEG), (errors[:, 3:], SOFT_PERCENT)]
    lengths = [np.linalg.norm(part, axis=1) / soft for part, soft in parts]
    return (
        np.concatenate([np.sqrt(np.log1p(length**2)) for length in lengths]) / len(errors) ** 0.5
    )


def _minimised(residuals: Residuals, values: Float64) -> Float64:
    """Return the values that make the sum of squares smallest (Levenberg and Marquardt)."""
    found, damping = residuals(values), 1e-3
    for _ in range(STEPS):
        shifts = DIFFERENCE * np.eye(len(values))
        jacobian = np.stack([(residuals(values + each) - found) / DIFFERENCE for each in shifts])
        normal = jacobian @ jacobian.T
        # Of pairs alone, a man's own turn changes nothing.
        normal += damping * np.diag(np.diag(normal)) + 1e-9 * np.eye(len(values))
        trial = values - np.linalg.solve(normal, jacobian @ found)
        better = residuals(trial)
        if better @ better < found @ found:
            values, found, damping = trial, better, damping / 5
        else:
            damping *= 10
    return values


def _summary(
    correction: ViewAngleCorrection, heads: Sequence[KnownHead], pairs: Sequence[Pair]
) -> dict[str, float]:
    """Return the medians of what stays."""
    poses = [correction.apply(head.fitted) for head in heads]
    errors = [rotation_deg(p.rotation, h.true.rotation) for p, h in zip(poses, heads, strict=True)]
    angles = np.array([head.view_angle_deg for head in heads])
    bias = [angle_deg(p.rotation[:, 0], -p.position_m) for p in poses] - angles
    own = _own_turn(heads, correction)
    turned = [np.linalg.norm(_errors(head, correction, own)[:3]) for head in heads]
    worlds = [[head.in_world(correction) for head in pair] for pair in pairs]
    apart = [np.linalg.norm(_differences(pair, correction)[3:]) for pair in pairs]
    bins = [bias[(angles >= low) & (angles < low + 20)] for low in (0, 20, 40)]
    low, middle, high = (float(np.median(each)) if len(each) else np.nan for each in bins)
    return {
        'yaw': correction.yaw_gain,
        'pitch': correction.pitch_gain,
        'distance': correction.distance_gain,
        'scan': float(np.median(errors)),
        'turned': float(np.median(turned)),
        'low': low,
        'middle': middle,
        'high': high,
        'views': float(np.median([rotation_deg(a.rotation, b.rotation) for a, b in worlds])),
        'positions': float(np.median(apart)),
    }


def _own_turn(heads: Sequence[KnownHead], correction: ViewAngleCorrection) -> Float64:
    """Return the constant turn of the scanned man, rad."""

    def residuals(turn: Float64) -> Float64:
        return _soft(np.array([_errors(head, correction, turn) for head in heads])[:, :4])

    return _minimised(residuals, np.zeros(2))
