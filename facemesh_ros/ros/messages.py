"""Faces to the messages that other nodes consume."""

from __future__ import annotations

import array
import math

import numpy as np
from numpy.typing import NDArray
from std_msgs.msg import Header

from facemesh_ros.core.topology import FaceTopology
from facemesh_ros.core.types import Faces
from facemesh_ros.msg import FaceMesh, FaceMeshArray, FaceMeshInfo
from facemesh_ros.sensor import ModelInfo

UNKNOWN_DIRECTION = [math.nan] * 3


def array_msg_from_faces(
    faces: Faces, header: Header, image_wh: tuple[int, int], dropped_images: int
) -> FaceMeshArray:
    """Build the message of one image; `latency` is left to whoever publishes it."""
    return FaceMeshArray(
        header=header,
        image_width=image_wh[0],
        image_height=image_wh[1],
        filtered=faces.filtered,
        latency=math.nan,
        dropped_images=dropped_images,
        faces=[_face_msg(faces, index) for index in range(len(faces))],
    )


def _face_msg(faces: Faces, index: int) -> FaceMesh:
    rois = faces.rois
    landmarks = faces.landmarks[index]
    return FaceMesh(
        id=faces.names[index],
        state=int(faces.states[index]),
        age=int(faces.ages[index]),
        detection_score=float(faces.detection_scores[index]),
        presence=float(faces.presences[index]),
        box=faces.boxes_xyxy[index],
        roi=np.float32([*rois.centres[index], *rois.sizes_wh[index], rois.rotations_rad[index]]),
        landmark_count=len(landmarks),
        landmarks=_flat(landmarks, np.float32),
        metric_source=FaceMesh.METRIC_NONE,
        gaze_left=UNKNOWN_DIRECTION,
        gaze_right=UNKNOWN_DIRECTION,
        reprojection_error=math.nan,
        jitter=float(faces.jitters_px[index]),
        blendshapes=_flat(faces.blendshapes[index], np.float32),
    )


def info_msg(model: ModelInfo, topology: FaceTopology, header: Header) -> FaceMeshInfo:
    """Build the latched message that explains the landmarks."""
    return FaceMeshInfo(
        header=header,
        model=model.landmark_model,
        model_sha256=model.source_sha256,
        detector=model.detector,
        execution_provider=str(model.proof),
        precision=model.precision,
        edges=_flat(topology.edges, np.uint16),
        triangles=_flat(topology.triangles, np.uint16),
        region_names=list(topology.region_names),
        region_of_landmark=_flat(topology.region_of_landmark, np.uint8),
        blendshape_names=list(model.blendshape_names),
    )


def _flat(values: NDArray[np.generic], dtype: type[np.generic]) -> array.array:
    """Return the values row by row as an array.array, which rclpy takes without looking inside."""
    exact = np.ascontiguousarray(values, dtype)
    flat = array.array(exact.dtype.char)
    flat.frombytes(memoryview(exact).cast('B'))
    return flat
