"""The faces of an image as the message that is published of them."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from facemesh_ros import native
from facemesh_ros.geometry.rotations import quaternion_xyzw_from_matrix
from facemesh_ros.messages.cdr_writer import CdrWriter
from facemesh_ros.types import Faces, Float64, MetricFaces

FACES_TYPE = 'facemesh_ros/msg/FaceMeshArray'


class Counts(Protocol):
    """What became of the images of a stream, so far."""

    @property
    def dropped(self) -> int:
        """Received and replaced by newer ones."""

    @property
    def lost(self) -> int:
        """Sent and never received."""

    @property
    def failed(self) -> int:
        """Refused, or their processing failed."""


class NoneMissed:
    """The counts of files: whoever reads them misses no image."""

    dropped = lost = failed = 0


def faces_cdr(
    faces: Faces,
    header: Any,
    image_wh: tuple[int, int],
    counts: Counts,
    latency_s: float = math.nan,
) -> bytes:
    """Return the serialised FaceMeshArray of one image.

    Args:
        faces: The faces.
        header: Of their image.
        image_wh: Its size, px.
        counts: Of its stream.
        latency_s: From the image's stamp until now, s; NaN if it is unknown.
    """
    writer = CdrWriter()
    writer.header(header)
    writer.numbers('II?f', *image_wh, faces.filtered, latency_s)
    writer.numbers('IIII', counts.dropped, counts.lost, counts.failed, len(faces))
    begun = writer.to_bytes()
    return begun if not len(faces) else _with_faces(begun, faces)


def pose_numbers(metric: MetricFaces) -> Float64:
    """Return (N, 43): each head as a geometry_msgs/PoseWithCovariance has it."""
    count = len(metric.sources)
    if not any(metric.sources.tolist()):
        return _unknown_poses(count)
    quaternions = quaternion_xyzw_from_matrix(metric.rotations)
    covariances = metric.covariances.reshape(count, 36)
    return np.concatenate([metric.positions_m, quaternions, covariances], axis=1)


@lru_cache(maxsize=32)
def _unknown_poses(count: int) -> Float64:
    poses: Float64 = np.full((count, 43), np.nan)
    poses.setflags(write=False)  # many share it
    return poses


def _with_faces(begun: bytes, faces: Faces) -> bytes:
    """Return a message that has begun, with the faces behind it."""
    rois, metric = faces.rois, faces.metric
    return native.faces_cdr(
        begun,
        faces.names,
        faces.states,
        faces.ages,
        faces.detection_scores,
        faces.last_detection_scores,
        faces.last_detection_ages,
        faces.presences,
        faces.boxes_xyxy,
        rois.centres,
        rois.sizes_wh,
        rois.rotations_rad,
        faces.landmarks,
        metric.sources,
        metric.landmarks_m,
        pose_numbers(metric),
        metric.gazes_left,
        metric.gazes_right,
        metric.gaze_sigmas_rad,
        metric.reprojection_errors_px,
        faces.jitters_px,
        faces.blendshapes,
    )
