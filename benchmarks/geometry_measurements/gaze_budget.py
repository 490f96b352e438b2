"""Where the error of gaze comes from: one ingredient after another replaced by the truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from common.report import Column, Table
from geometry_measurements.pose_errors import angle_deg
from geometry_measurements.rendered_looks import CAMERA, Look

from facemesh_ros.attributes.drawn_irises import DrawnIrises
from facemesh_ros.attributes.gaze import MAX_SINE, iris_displacements
from facemesh_ros.attributes.head_pose import HeadPose
from facemesh_ros.attributes.posed_face import PosedFace, pose_face
from facemesh_ros.geometry.camera import CalibratedCamera
from facemesh_ros.geometry.eye_landmarks import CORNERS, EYES, IRIS
from facemesh_ros.geometry.shape_model import IRIS_DISTANCE_M
from facemesh_ros.types import Float64

TITLE = 'Gaze of rendered heads, ingredients replaced by the truth: the best linear estimate'
COLUMNS: list[Column] = [
    *(('true', '{true}'), ('n', '{n}'), ('error deg', '{median:.1f}'), ('p90', '{p90:.1f}')),
    *(('left, rms deg', '{left:.1f}'), ('up, rms deg', '{up:.1f}')),
]
NOTHING = 'nothing'
TRUE: dict[str, tuple[str, ...]] = {
    NOTHING: (),
    'head pose': ('pose',),
    'irises in the image': ('irises',),
    "eyeballs' centres": ('eyeballs',),
    'irises and head pose': ('pose', 'irises'),
    'irises and eyeballs': ('irises', 'eyeballs'),
    'all of them': ('pose', 'irises', 'eyeballs'),
}


def measure_budget(looks: Sequence[Look]) -> Table:
    """Return the error with each ingredient true, by regression on all other looks."""
    seen = [look for look in looks if look.face]
    posed = [
        pose_face(look.face.landmarks, CalibratedCamera(CAMERA)) for look in seen if look.face
    ]
    rows = list(_rows(seen, posed)) if len(seen) > len(_known(posed[0])) else []
    return Table('gaze_budget', TITLE, COLUMNS, rows)


def _rows(looks: Sequence[Look], posed: Sequence[PosedFace]) -> Iterator[dict[str, Any]]:
    for name, parts in TRUE.items():
        own = [with_truth(face, look, parts) for face, look in zip(posed, looks, strict=True)]
        known = np.array([_known(face) for face in own])
        turns = np.array(
            [face.pose.rotation.T @ look.gaze for face, look in zip(own, looks, strict=True)]
        )[:, 1:]
        found = _left_out(known, turns)
        errors = [
            angle_deg(face.pose.rotation @ _direction(sines), look.gaze)
            for face, sines, look in zip(own, found, looks, strict=True)
        ]
        left, up = np.degrees(np.sqrt(np.mean((found - turns) ** 2, axis=0))).tolist()
        median, p90 = np.percentile(errors, [50, 90]).tolist()
        yield {'true': name, 'n': len(looks), 'median': median, 'p90': p90, 'left': left, 'up': up}


def with_truth(face: PosedFace, look: Look, parts: Sequence[str]) -> PosedFace:
    """Return a face with its pose, its irises or its eyeballs where they truly are.

    Eyeballs are moved with the corners of the eyes; so where they are true, the corners are made
    to lie where the head has them. Everything is scaled to the size at which the face is posed.
    """
    if 'pose' in parts:
        face = replace(face, pose=HeadPose(look.scene.rotation, face.pose.position_m))
    rays, eyeballs_m = face.rays.copy(), face.eyeballs_m
    at = face.pose.position_m
    if 'irises' in parts:
        irises = look.eyeballs_m + IRIS_DISTANCE_M * look.gaze
        rays[EYES[:, IRIS]] = (irises / np.linalg.norm(irises, axis=1, keepdims=True))[:, None]
    if 'eyeballs' in parts:
        scale = np.linalg.norm(at) / np.linalg.norm(look.scene.position_m)
        eyeballs_m = (look.eyeballs_m * scale - at) @ face.pose.rotation
        corners = face.pose.in_optical_frame(face.shape_m[EYES[:, CORNERS]])
        rays[EYES[:, CORNERS]] = corners / np.linalg.norm(corners, axis=-1, keepdims=True)
    return replace(face, rays=rays, eyeballs_m=eyeballs_m)


def _known(face: PosedFace) -> Float64:
    """Return what a linear estimate has: displacements, mm, and view, each left and up; 1."""
    towards, displacements_m = iris_displacements(face, DrawnIrises.exact())
    return np.concatenate(
        [1000 * displacements_m.mean(axis=0), -towards.mean(axis=0)[1:], np.ones(1)]
    )


def _left_out(known: Float64, turns: Float64) -> Float64:
    """Return the least-squares estimate of each look from all others, (N, 2)."""
    found = np.empty_like(turns)
    for index in range(len(known)):
        others = np.arange(len(known)) != index
        fit = np.linalg.lstsq(known[others], turns[others], rcond=None)[0]
        found[index] = known[index] @ fit
    return found


def _direction(sines: Float64) -> Float64:
    left, up = sines * min(1.0, MAX_SINE / max(float(np.hypot(*sines)), 1e-9))
    return np.array([np.sqrt(1 - left**2 - up**2), left, up])
