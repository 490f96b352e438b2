"""Faces to the messages of this package, and a model to that which describes it."""

from __future__ import annotations

import array
import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.assembly.face_sensor import ModelInfo
from facemesh_ros.geometry.canonical_face import FaceTopology
from facemesh_ros.geometry.named_points import points_among
from facemesh_ros.geometry.rotations import quaternion_xyzw_from_matrix
from facemesh_ros.geometry.shape_model import canonical_landmarks_m
from facemesh_ros.messages.message_classes import MessageClasses
from facemesh_ros.types import Faces, Float64, MetricFaces, MetricSource

NO_METRES = np.empty(0, np.float32)


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


class FaceMessages:
    """Builds messages of the classes that it is given."""

    def __init__(self, classes: MessageClasses) -> None:
        self._classes = classes

    def array(self, faces: Faces, header: Any, image_wh: tuple[int, int], counts: Counts) -> Any:
        """Build the message of one image; `latency` is left to the publisher."""
        quaternions = quaternion_xyzw_from_matrix(faces.metric.rotations)
        return self._classes.FaceMeshArray(
            header=header,
            image_width=image_wh[0],
            image_height=image_wh[1],
            filtered=faces.filtered,
            latency=math.nan,
            dropped_images=counts.dropped,
            lost_images=counts.lost,
            failed_images=counts.failed,
            faces=[self._face(faces, quaternions, index) for index in range(len(faces))],
        )

    def _face(self, faces: Faces, quaternions: Float64, index: int) -> Any:
        rois, metric = faces.rois, faces.metric
        is_metric = metric.sources[index] != MetricSource.NONE
        return self._classes.FaceMesh(
            id=faces.names[index],
            state=int(faces.states[index]),
            age=int(faces.ages[index]),
            detection_score=float(faces.detection_scores[index]),
            last_detection_score=float(faces.last_detection_scores[index]),
            last_detection_age=int(faces.last_detection_ages[index]),
            presence=float(faces.presences[index]),
            box=faces.boxes_xyxy[index],
            roi=np.array(
                [*rois.centres[index], *rois.sizes_wh[index], rois.rotations_rad[index]],
                np.float32,
            ),
            landmark_count=faces.landmarks.shape[1],
            landmarks=_flat(faces.landmarks[index], np.float32),
            metric_source=int(metric.sources[index]),
            landmarks_metric=_flat(
                metric.landmarks_m[index] if is_metric else NO_METRES, np.float32
            ),
            pose=self._pose(metric, quaternions, index),
            gaze_left=metric.gazes_left[index],
            gaze_right=metric.gazes_right[index],
            gaze_sigma=float(metric.gaze_sigmas_rad[index]),
            reprojection_error=float(metric.reprojection_errors_px[index]),
            jitter=float(faces.jitters_px[index]),
            blendshapes=_flat(faces.blendshapes[index], np.float32),
        )

    def _pose(self, metric: MetricFaces, quaternions: Float64, index: int) -> Any:
        classes = self._classes
        x, y, z = metric.positions_m[index].tolist()
        qx, qy, qz, qw = quaternions[index].tolist()
        pose = classes.Pose(
            position=classes.Point(x=x, y=y, z=z),
            orientation=classes.Quaternion(x=qx, y=qy, z=qz, w=qw),
        )
        return classes.PoseWithCovariance(pose=pose, covariance=metric.covariances[index].ravel())

    def info(self, model: ModelInfo, topology: FaceTopology, header: Any) -> Any:
        """Build the latched message that describes the models and the landmarks."""
        landmark_count = len(topology.region_of_landmark)
        points = points_among(landmark_count)
        return self._classes.FaceMeshInfo(
            header=header,
            model=model.landmark_model,
            model_sha256=model.source_sha256,
            detector=model.detector,
            execution_provider=model.provider,
            provider_report=str(model.report),
            precision=model.precision,
            edges=_flat(topology.edges, np.uint16),
            contours=_flat(topology.contours, np.uint16),
            triangles=_flat(topology.triangles, np.uint16),
            region_names=list(topology.region_names),
            region_of_landmark=_flat(topology.region_of_landmark, np.uint8),
            point_names=list(points),
            point_landmarks=array.array('H', points.values()),
            canonical_face=_flat(canonical_landmarks_m(landmark_count), np.float32),
            blendshape_names=list(model.blendshape_names),
        )


def _flat(values: NDArray[np.generic], dtype: type[np.generic]) -> array.array[Any]:
    """Return the values in row-major order as an array.array, which rclpy takes unchecked."""
    exact: NDArray[Any] = np.ascontiguousarray(values, dtype)
    flat: array.array[Any] = array.array(exact.dtype.char)
    flat.frombytes(exact.data.cast('B'))
    return flat
