"""Faces to the messages of this package."""

from __future__ import annotations

import array
import math

import numpy as np
from geometry_msgs.msg import Point, Pose, PoseWithCovariance, Quaternion
from numpy.typing import NDArray
from std_msgs.msg import Header

from facemesh_ros.assembly.face_sensor import ModelInfo
from facemesh_ros.geometry.canonical_face import FaceTopology
from facemesh_ros.geometry.named_points import points_among
from facemesh_ros.geometry.rotations import quaternion_xyzw_from_matrix
from facemesh_ros.geometry.shape_model import canonical_landmarks_m
from facemesh_ros.msg import FaceMesh, FaceMeshArray, FaceMeshInfo
from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.types import Faces, Float64, MetricFaces, MetricSource

NO_METRES = np.empty(0, np.float32)


def array_msg_from_faces(
    faces: Faces, header: Header, image_wh: tuple[int, int], counts: ImageCounts
) -> FaceMeshArray:
    """Build the message of one image; `latency` is left to the publisher."""
    quaternions = quaternion_xyzw_from_matrix(faces.metric.rotations)
    return FaceMeshArray(
        header=header,
        image_width=image_wh[0],
        image_height=image_wh[1],
        filtered=faces.filtered,
        latency=math.nan,
        dropped_images=counts.dropped,
        lost_images=counts.lost,
        failed_images=counts.failed,
        faces=[_face_msg(faces, quaternions, index) for index in range(len(faces))],
    )


def _face_msg(faces: Faces, quaternions: Float64, index: int) -> FaceMesh:
    rois, metric = faces.rois, faces.metric
    is_metric = metric.sources[index] != MetricSource.NONE
    return FaceMesh(
        id=faces.names[index],
        state=int(faces.states[index]),
        age=int(faces.ages[index]),
        detection_score=float(faces.detection_scores[index]),
        last_detection_score=float(faces.last_detection_scores[index]),
        last_detection_age=int(faces.last_detection_ages[index]),
        presence=float(faces.presences[index]),
        box=faces.boxes_xyxy[index],
        roi=np.float32([*rois.centres[index], *rois.sizes_wh[index], rois.rotations_rad[index]]),
        landmark_count=faces.landmarks.shape[1],
        landmarks=_flat(faces.landmarks[index], np.float32),
        metric_source=int(metric.sources[index]),
        landmarks_metric=_flat(metric.landmarks_m[index] if is_metric else NO_METRES, np.float32),
        pose=_pose_msg(metric, quaternions, index),
        gaze_left=metric.gazes_left[index],
        gaze_right=metric.gazes_right[index],
        gaze_sigma=float(metric.gaze_sigmas_rad[index]),
        reprojection_error=float(metric.reprojection_errors_px[index]),
        jitter=float(faces.jitters_px[index]),
        blendshapes=_flat(faces.blendshapes[index], np.float32),
    )


def _pose_msg(metric: MetricFaces, quaternions: Float64, index: int) -> PoseWithCovariance:
    x, y, z = metric.positions_m[index].tolist()
    qx, qy, qz, qw = quaternions[index].tolist()
    pose = Pose(position=Point(x=x, y=y, z=z), orientation=Quaternion(x=qx, y=qy, z=qz, w=qw))
    return PoseWithCovariance(pose=pose, covariance=metric.covariances[index].ravel())


def info_msg(model: ModelInfo, topology: FaceTopology, header: Header) -> FaceMeshInfo:
    """Build the latched message that describes the models and the landmarks."""
    landmark_count = len(topology.region_of_landmark)
    points = points_among(landmark_count)
    return FaceMeshInfo(
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


def _flat(values: NDArray[np.generic], dtype: type[np.generic]) -> array.array:
    """Return the values in row-major order as an array.array, which rclpy takes unchecked."""
    exact = np.ascontiguousarray(values, dtype)
    flat = array.array(exact.dtype.char)
    flat.frombytes(memoryview(exact).cast('B'))
    return flat
