"""A model to the message that describes it and its landmarks."""

from __future__ import annotations

import array
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facemesh_ros.assembly.face_sensor import ModelInfo
from facemesh_ros.geometry.canonical_face import FaceTopology
from facemesh_ros.geometry.named_points import points_among
from facemesh_ros.geometry.shape_model import canonical_landmarks_m
from facemesh_ros.messages.message_classes import MessageClasses


def info_msg(
    classes: MessageClasses, model: ModelInfo, topology: FaceTopology, header: Any
) -> Any:
    """Build the latched message that describes the models and the landmarks."""
    landmark_count = len(topology.region_of_landmark)
    points = points_among(landmark_count)
    return classes.FaceMeshInfo(
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
