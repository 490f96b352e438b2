"""Faces of this package's messages to those of hri_msgs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from hri_msgs.msg import (
    FacialLandmarks,
    IdsList,
    NormalizedPointOfInterest2D,
    NormalizedRegionOfInterest2D,
)
from std_msgs.msg import Header

from facemesh_ros.geometry.openpose_face import openpose_face
from facemesh_ros.msg import FaceMesh, FaceMeshArray
from facemesh_ros.types import Float32, Float64


def ids_msg(ids: Iterable[str], header: Header) -> IdsList:
    """Return the list of all tracked faces."""
    return IdsList(header=header, ids=sorted(ids))


def roi_msg(face: FaceMesh, image: FaceMeshArray) -> NormalizedRegionOfInterest2D:
    """Return the face's box, as far as it lies in the image, and how sure it is a face."""
    corners = np.asarray(face.box, float).reshape(2, 2)
    (left, top), (right, bottom) = np.clip(normalised(corners, image), 0, 1).tolist()
    return NormalizedRegionOfInterest2D(
        header=image.header, xmin=left, ymin=top, xmax=right, ymax=bottom, c=confidence(face)
    )


def landmarks_msg(face: FaceMesh, image: FaceMeshArray) -> FacialLandmarks:
    """Return the face's 70 points; confidence is 0 for those that are unknown or not in the image.

    Both are told so in hri_msgs, whose coordinates must lie in the image: one that does not is
    moved to the border, an unknown one to (0, 0).
    """
    points = landmarks_of(face)
    indices = openpose_face(len(points))
    exact = normalised(points[indices, :2], image)
    exact[indices < 0] = 0
    inside = ((exact >= 0) & (exact <= 1)).all(axis=1) & (indices >= 0)
    certain = np.where(inside, confidence(face), 0.0)
    placed = np.column_stack([np.clip(exact, 0, 1), certain]).tolist()
    return FacialLandmarks(
        header=image.header,
        width=image.image_width,
        height=image.image_height,
        landmarks=[NormalizedPointOfInterest2D(x=x, y=y, c=c) for x, y, c in placed],
    )


def landmarks_of(face: FaceMesh) -> Float32:
    """Return the landmarks of a message as a view, (L, 3) px."""
    return np.frombuffer(face.landmarks, np.float32).reshape(-1, 3)


def confidence(face: FaceMesh) -> float:
    """Return how sure the landmark model is that this is a face, in [0, 1]."""
    return min(max(face.presence, 0.0), 1.0)


def normalised(points_px: Float64 | Float32, image: FaceMeshArray) -> Float64:
    """Return points (N, 2) px as shares of the image from its top left corner.

    (0, 0) px is the middle of the first pixel, so half a pixel is added; `int(x * width)` is then
    the pixel that holds the point.
    """
    size_wh = np.array([image.image_width, image.image_height], float)
    shares: Float64 = (points_px + 0.5) / np.maximum(size_wh, 1)
    return shares
