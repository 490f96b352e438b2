"""The faces in lines of JSON that `facemesh run --jsonl` wrote, as messages."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from facemesh_ros.errors import in_one_line
from facemesh_ros.io.errors import UnreadableError, readable_name
from facemesh_ros.messages.message_classes import MessageClasses
from facemesh_ros.viz.seen_image import SeenImage

NS_PER_S = 10**9
_UNKNOWN = [math.nan] * 3
# Of lines that are JSON, but not ours, or nested without end.
_ERRORS = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)


def faces_in_lines(path: Path, classes: MessageClasses) -> Iterator[SeenImage]:
    """Yield what was found in each image; what lines do not hold is NaN, 0 or empty.

    Raises:
        UnreadableError: At the first line that is none of `facemesh run --jsonl`.
    """
    try:
        with path.open(encoding='utf-8') as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    yield _seen(json.loads(line), classes)
                except _ERRORS as error:
                    raise UnreadableError(
                        f'{readable_name(path)}: line {number} is none that `facemesh run '
                        f'--jsonl` wrote ({type(error).__name__}: {in_one_line(error)})'
                    ) from error
    except UnicodeDecodeError as error:
        raise UnreadableError(f'{readable_name(path)} is no text: {error}') from error
    except OSError as error:
        raise UnreadableError(f'{readable_name(path)} cannot be read: {error.strerror}') from error


def _seen(line: dict[str, Any], classes: MessageClasses) -> SeenImage:
    header = classes.Header()
    header.stamp.sec, header.stamp.nanosec = divmod(int(line['stamp_ns']), NS_PER_S)
    width, height = line['image_wh']
    msg = classes.FaceMeshArray(
        header=header,
        image_width=width,
        image_height=height,
        filtered=True,
        latency=math.nan,
        faces=[_face(face, classes) for face in line['faces']],
    )
    stream = str(line.get('topic') or line['source'])
    return SeenImage(stream, int(line['stamp_ns']), None, msg, None, None, None)


def _face(face: dict[str, Any], classes: MessageClasses) -> Any:
    points = np.array(face['landmarks'], np.float32)
    points_m = face['landmarks_metric']
    return classes.FaceMesh(
        id=str(face['id']),
        state=int(face['state']),
        detection_score=_number(face['score']),
        presence=float(face['presence']),
        box=np.array(face['box_xyxy'], np.float32),
        landmark_count=len(points),
        landmarks=points.ravel(),
        metric_source=int(face['metric_source']),
        landmarks_metric=_metric(points_m) if points_m is not None else np.empty(0, np.float32),
        pose=_pose(face['pose'], classes),
        gaze_left=np.array(face['gaze_left'] or _UNKNOWN, np.float32),
        gaze_right=np.array(face['gaze_right'] or _UNKNOWN, np.float32),
        gaze_sigma=_number(face['gaze_sigma']),
        reprojection_error=math.nan,
        jitter=math.nan,
    )


def _metric(points_m: list[Any]) -> Any:
    return np.array([point or _UNKNOWN for point in points_m], np.float32).ravel()


def _pose(pose: dict[str, Any] | None, classes: MessageClasses) -> Any:
    known = pose or {}
    x, y, z = known.get('position_m') or _UNKNOWN
    qx, qy, qz, qw = known.get('quaternion_xyzw') or [math.nan] * 4
    return classes.PoseWithCovariance(
        pose=classes.Pose(
            position=classes.Point(x=x, y=y, z=z),
            orientation=classes.Quaternion(x=qx, y=qy, z=qz, w=qw),
        ),
        covariance=np.array(known.get('covariance') or [math.nan] * 36, float),
    )


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
