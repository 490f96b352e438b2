"""The faces of an image as the message that is published of them."""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np

from facemesh_ros.geometry.rotations import quaternion_xyzw_from_matrix
from facemesh_ros.messages.cdr_writer import CdrWriter
from facemesh_ros.types import Faces, Float32, Float64, MetricFaces, MetricSource

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
    if len(faces):
        _write_faces(writer, faces)
    return writer.to_bytes()


def pose_numbers(metric: MetricFaces) -> Float64:
    """Return (N, 43): each head as a geometry_msgs/PoseWithCovariance has it."""
    count = len(metric.sources)
    if not metric.sources.any():
        return np.full((count, 43), np.nan)
    quaternions = quaternion_xyzw_from_matrix(metric.rotations)
    covariances = metric.covariances.reshape(count, 36)
    return np.concatenate([metric.positions_m, quaternions, covariances], axis=1)


def _write_faces(writer: CdrWriter, faces: Faces) -> None:
    metric, count = faces.metric, faces.landmarks.shape[1]
    boxes, poses, gazes = _boxes_and_crops(faces), pose_numbers(metric), _gazes(faces)
    columns = (
        *(faces.states, faces.ages, faces.detection_scores, faces.last_detection_scores),
        *(faces.last_detection_ages, faces.presences, metric.sources),
    )
    rows = zip(faces.names, *(column.tolist() for column in columns), strict=True)
    for index, (name, *numbers, source) in enumerate(rows):
        writer.text(name)
        writer.numbers('BIffIf', *numbers)
        writer.array('f', boxes[index])
        writer.numbers('H', count)
        writer.sequence('f', faces.landmarks[index].ravel())
        writer.numbers('B', source)
        points_m = metric.landmarks_m[index].ravel()
        writer.sequence('f', points_m if source != MetricSource.NONE else points_m[:0])
        writer.array('d', poses[index])
        writer.array('f', gazes[index])
        writer.sequence('f', faces.blendshapes[index])


def _boxes_and_crops(faces: Faces) -> Float32:
    """Return (N, 9): `box` and `roi` of each face."""
    rois = faces.rois
    parts = faces.boxes_xyxy, rois.centres, rois.sizes_wh, rois.rotations_rad[:, None]
    return np.concatenate(parts, axis=1, dtype=np.float32)


def _gazes(faces: Faces) -> Float32:
    """Return (N, 9): from `gaze_left` to `jitter` of each face."""
    metric = faces.metric
    numbers = metric.gaze_sigmas_rad, metric.reprojection_errors_px, faces.jitters_px
    parts = metric.gazes_left, metric.gazes_right, *(column[:, None] for column in numbers)
    return np.concatenate(parts, axis=1, dtype=np.float32)
