"""The fields of a FaceMesh as numpy arrays, read-only and without a copy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

# What rclpy gives: these messages are generated where ROS is, and are not imported here.
FaceMesh = Any
FaceMeshArray = Any
FaceMeshInfo = Any

# Of FaceMesh.msg.
STATE_TRACKED = 1
METRIC_NONE = 0


def view(values: Any, dtype: DTypeLike) -> NDArray[Any]:
    """Return a number field as an array that nobody can write to by mistake.

    Args:
        values: array.array or numpy array, as the distributions' messages have them; only a list
            is copied.
        dtype: Of the field.
    """
    array = np.asarray(values, dtype).view()
    array.setflags(write=False)
    return array


def landmarks(face: FaceMesh) -> NDArray[np.float32]:
    """Return (N, 3) px: x, y and a depth of the same scale, smaller is nearer; N is 468 or 478."""
    return view(face.landmarks, np.float32).reshape(-1, 3)


def landmarks_metric(face: FaceMesh) -> NDArray[np.float32]:
    """Return (N, 3) m in the image's frame: x right, y down, z forward; (0, 3) if METRIC_NONE."""
    return view(face.landmarks_metric, np.float32).reshape(-1, 3)


def box(face: FaceMesh) -> NDArray[np.float32]:
    """Return (4,) px: x0 y0 x1 y1, tight around the landmarks; may reach outside the image."""
    return view(face.box, np.float32)


def covariance(face: FaceMesh) -> NDArray[np.float64]:
    """Return (6, 6) of the head's pose: x y z m, then rotations about these axes, rad; or NaN."""
    return view(face.pose.covariance, np.float64).reshape(6, 6)


def blendshapes(face: FaceMesh, info: FaceMeshInfo) -> dict[str, float]:
    """Return the scores in [0, 1] by name; none where the model has none.

    Raises:
        ValueError: If the info is another model's.
    """
    scores = view(face.blendshapes, np.float32).tolist()
    if not scores:
        return {}
    if len(scores) != len(info.blendshape_names):
        raise ValueError(
            f'{len(scores)} blendshapes, but the info names {len(info.blendshape_names)}: use the '
            'newest ~/info of the node that sent the face'
        )
    return dict(zip(info.blendshape_names, scores, strict=True))


def is_metric(face: FaceMesh) -> bool:
    """Return whether the face has a place in space: metres, a pose, perhaps a gaze."""
    return bool(face.metric_source != METRIC_NONE)


def seen_faces(msg: FaceMeshArray) -> list[FaceMesh]:
    """Return the faces that were seen in this image and are confirmed, in the order of ids.

    Not those that are only expected (coasting), whose landmarks are old, and not new ones that
    the next image may take back (tentative).
    """
    return [face for face in msg.faces if face.state == STATE_TRACKED]
