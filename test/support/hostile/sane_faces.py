"""Whether all numbers of faces are finite, but where the interface says that they may be NaN."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

METRIC_NONE = 0
# NaN where unknown, all or none of them; by field.
MAY_BE_UNKNOWN = (
    'detection_score',
    'gaze_left',
    'gaze_right',
    'gaze_sigma',
    'reprojection_error',
    'landmarks_metric',
)
ALWAYS_FINITE = ('presence', 'box', 'roi', 'landmarks', 'jitter', 'blendshapes')


def insane_numbers(msg: Any) -> Iterator[str]:
    """Yield what is wrong with the numbers of a FaceMeshArray, of any class; nothing if sane."""
    for face in msg.faces:
        for name in ALWAYS_FINITE:
            if not np.isfinite(np.atleast_1d(getattr(face, name))).all():
                yield f'{face.id}: {name} is not finite'
        for name in MAY_BE_UNKNOWN:
            values = np.atleast_1d(getattr(face, name))
            if not (np.isfinite(values).all() or np.isnan(values).all()):
                yield f'{face.id}: {name} is neither known nor unknown'
        yield from _wrong_pose(face)


def _wrong_pose(face: Any) -> Iterator[str]:
    position, turn = face.pose.pose.position, face.pose.pose.orientation
    pose = [position.x, position.y, position.z, turn.x, turn.y, turn.z, turn.w]
    pose.extend(face.pose.covariance)
    if face.metric_source == METRIC_NONE:
        if not np.isnan(pose).all() or len(face.landmarks_metric):
            yield f'{face.id}: metres without a source'
    elif not np.isfinite(pose).all():
        yield f'{face.id}: the pose is not finite'
