"""Faces to the messages of this package."""

from __future__ import annotations

import array
import math

import numpy as np
from numpy.typing import NDArray
from std_msgs.msg import Header

from facemesh_ros.assembly.face_sensor import ModelInfo
from facemesh_ros.geometry.canonical_face import FaceTopology
from facemesh_ros.msg import FaceMesh, FaceMeshArray, FaceMeshInfo
from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.types import Faces

UNKNOWN_DIRECTION = [math.nan] * 3


def array_msg_from_faces(
    faces: Faces, header: Header, image_wh: tuple[int, int], counts: ImageCounts
) -> FaceMeshArray:
    """Build the message of one image; `latency` is left to the publisher."""
    return FaceMeshArray(
        header=header,
        image_width=image_wh[0],
        image_height=image_wh[1],
        filtered=faces.filtered,
        latency=math.nan,
        dropped_images=counts.dropped,
        lost_images=counts.lost,
        failed_images=counts.failed,
        faces=[_face_msg(faces, index) for index in range(len(faces))],
    )


def _face_msg(faces: Faces, index: int) -> FaceMesh:
    rois = faces.rois
    return FaceMesh(
        id=faces.names[index],
        state=int(faces.states[index]),
        age=int(faces.ages[index]),
        detection_score=float(faces.detection_scores[index]),
        presence=float(faces.presences[index]),
        box=faces.boxes_xyxy[index],
        roi=np.float32([*rois.centres[index], *rois.sizes_wh[index], rois.rotations_rad[index]]),
        landmark_count=faces.landmarks.shape[1],
        landmarks=_flat(faces.landmarks[index], np.float32),
        metric_source=FaceMesh.METRIC_NONE,
        gaze_left=UNKNOWN_DIRECTION,
        gaze_right=UNKNOWN_DIRECTION,
        reprojection_error=math.nan,
        jitter=float(faces.jitters_px[index]),
        blendshapes=_flat(faces.blendshapes[index], np.float32),
    )


def info_msg(model: ModelInfo, topology: FaceTopology, header: Header) -> FaceMeshInfo:
    """Build the latched message that describes the models and the landmarks."""
    return FaceMeshInfo(
        header=header,
        model=model.landmark_model,
        model_sha256=model.source_sha256,
        detector=model.detector,
        execution_provider=str(model.report),
        precision=model.precision,
        edges=_flat(topology.edges, np.uint16),
        triangles=_flat(topology.triangles, np.uint16),
        region_names=list(topology.region_names),
        region_of_landmark=_flat(topology.region_of_landmark, np.uint8),
        blendshape_names=list(model.blendshape_names),
    )


def _flat(values: NDArray[np.generic], dtype: type[np.generic]) -> array.array:
    """Return the values in row-major order as an array.array, which rclpy takes unchecked."""
    exact = np.ascontiguousarray(values, dtype)
    flat = array.array(exact.dtype.char)
    flat.frombytes(memoryview(exact).cast('B'))
    return flat
