"""Faces to the messages that other nodes consume."""

from __future__ import annotations

import array
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from std_msgs.msg import Header

from facemesh_ros.assembly.face_sensor import ModelInfo
from facemesh_ros.geometry.canonical_face import FaceTopology
from facemesh_ros.msg import FaceMesh, FaceMeshArray, FaceMeshInfo
from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.ros.output.cdr_template import CdrTemplate, CdrTemplates
from facemesh_ros.types import Faces

UNKNOWN_DIRECTION = [math.nan] * 3


def array_msg_from_faces(
    faces: Faces, header: Header, image_wh: tuple[int, int], counts: ImageCounts
) -> FaceMeshArray:
    """Build the message of one image; `latency` is left to whoever publishes it."""
    return FaceMeshArray(
        header=header,
        latency=math.nan,
        faces=[_face_msg(faces, index) for index in range(len(faces))],
        **_numbers(faces, image_wh, counts),
    )


def _numbers(faces: Faces, image_wh: tuple[int, int], counts: ImageCounts) -> dict[str, int]:
    return {
        'image_width': image_wh[0],
        'image_height': image_wh[1],
        'filtered': faces.filtered,
        'dropped_images': counts.dropped,
        'lost_images': counts.lost,
        'failed_images': counts.failed,
    }


def _face_msg(faces: Faces, index: int) -> FaceMesh:
    return FaceMesh(
        id=faces.names[index],
        landmark_count=faces.landmarks.shape[1],
        metric_source=FaceMesh.METRIC_NONE,
        gaze_left=UNKNOWN_DIRECTION,
        gaze_right=UNKNOWN_DIRECTION,
        reprojection_error=math.nan,
        **_face_numbers(faces, index),
        **{
            field: _flat(values, np.float32) for field, values in _face_lists(faces, index).items()
        },
    )


def _face_numbers(faces: Faces, index: int) -> dict[str, Any]:
    rois = faces.rois
    return {
        'state': int(faces.states[index]),
        'age': int(faces.ages[index]),
        'detection_score': float(faces.detection_scores[index]),
        'presence': float(faces.presences[index]),
        'box': faces.boxes_xyxy[index],
        'roi': np.float32(
            [*rois.centres[index], *rois.sizes_wh[index], rois.rotations_rad[index]]
        ),
        'jitter': float(faces.jitters_px[index]),
    }


def _face_lists(faces: Faces, index: int) -> dict[str, NDArray[np.float32]]:
    return {'landmarks': faces.landmarks[index], 'blendshapes': faces.blendshapes[index]}


class FaceArrays:
    """Writes the messages of a stream, serialised where that is quicker."""

    def __init__(self) -> None:
        self._templates: CdrTemplates[FaceArrayTemplate] = CdrTemplates()

    def written(
        self, faces: Faces, header: Header, image_wh: tuple[int, int], counts: ImageCounts
    ) -> Callable[[float], bytes | FaceMeshArray]:
        """Write the message of one image as `array_msg_from_faces` does, but for its latency.

        Returns:
            What takes the latency, s, and returns what a publisher takes.
        """
        sizes = faces.landmarks.shape[1], faces.blendshapes.shape[1]
        template = self._templates.get(
            (header.frame_id, *sizes, *map(len, faces.names)),
            lambda: FaceArrayTemplate(array_msg_from_faces(faces, header, image_wh, counts)),
        )
        if template is not None:
            template.fill(faces, header, _numbers(faces, image_wh, counts))
            return template.content
        msg = array_msg_from_faces(faces, header, image_wh, counts)

        def finished(latency_s: float) -> FaceMeshArray:
            msg.latency = latency_s
            return msg

        return finished


class FaceArrayTemplate:
    """A serialised message of N faces, of which only the numbers change from image to image."""

    def __init__(self, msg: FaceMeshArray) -> None:
        """Take such a message; raises LayoutError if it is not serialised as expected."""
        self._template = CdrTemplate(msg)
        self._views: dict[str, np.ndarray] = {}

    def _write(self, path: str, value: Any) -> None:
        view = self._views.get(path)
        if view is None:
            view = self._views[path] = self._template.view(path)
        view[:] = value

    def fill(self, faces: Faces, header: Header, numbers: dict[str, int]) -> None:
        """Write other faces, with names of the same lengths."""
        write = self._write
        write('header.stamp.sec', header.stamp.sec)
        write('header.stamp.nanosec', header.stamp.nanosec)
        for field, number in numbers.items():
            write(field, number)
        for index, name in enumerate(faces.names):
            face = f'faces[{index}].'
            write(face + 'id', list(name.encode()))
            for field, number in _face_numbers(faces, index).items():
                write(face + field, number)
            for field, values in _face_lists(faces, index).items():
                if values.size:  # an empty list lies nowhere
                    write(face + field, values.ravel())

    def content(self, latency_s: float) -> bytes:
        """Return the serialised message."""
        self._write('latency', latency_s)
        return self._template.content()


def info_msg(model: ModelInfo, topology: FaceTopology, header: Header) -> FaceMeshInfo:
    """Build the latched message that explains the landmarks."""
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
    """Return the values row by row as an array.array, which rclpy takes without looking inside."""
    exact = np.ascontiguousarray(values, dtype)
    flat = array.array(exact.dtype.char)
    flat.frombytes(memoryview(exact).cast('B'))
    return flat
