"""Faces as vision_msgs/Detection2DArray, which needs vision_msgs 4 (Humble and later)."""

from __future__ import annotations

from typing import Any

import numpy as np
from vision_msgs.msg import Detection2D, Detection2DArray

from facemesh_ros.geometry.canonical_face import FaceTopology
from facemesh_ros.messages.cdr_writer import CdrWriter
from facemesh_ros.messages.face_messages import pose_numbers
from facemesh_ros.ros.output.image_result import ImageResult
from facemesh_ros.ros.output.lazy_topics import LazyTopic
from facemesh_ros.ros.qos import RESULTS
from facemesh_ros.types import Faces, FaceState

CLASS_ID = 'face'
# What is written of each.
FIELDS = ['header', 'results', 'bbox', 'id']


def lazy_topic(_topology: FaceTopology) -> LazyTopic:
    """Return the topic; raises ImportError if vision_msgs is too old."""
    if list(Detection2D.get_fields_and_field_types()) != FIELDS:
        raise ImportError('Detection2D of this vision_msgs has other fields')
    return LazyTopic('detections', Detection2DArray, RESULTS, detections_of)


def detections_of(result: ImageResult) -> bytes:
    """Return the serialised detections of an image."""
    return detections_cdr(result.faces, result.cdr_header)


def detections_cdr(faces: Faces, header: Any) -> bytes:
    """Return the faces that an image shows, as detections of one class, serialised.

    Those that are only expected in it (STATE_COASTING) are left out: a detection has no state.
    The score is `presence`, which every image has anew; the detector runs only now and then. The
    pose is that of the face, in header.frame_id, NaN where it is unknown.
    """
    seen = np.flatnonzero(faces.states != FaceState.COASTING).tolist()
    boxes, names, poses = faces.boxes_xyxy.astype(float), faces.names, pose_numbers(faces.metric)
    writer = CdrWriter()
    writer.header(header)
    writer.numbers('I', len(seen))
    for index in seen:
        start, end = boxes[index, :2], boxes[index, 2:]
        writer.header(header)
        writer.numbers('I', 1)
        writer.text(CLASS_ID)
        writer.array('d', (faces.presences[index], *poses[index]))
        not_turned = 0.0
        writer.array('d', (*(start + end) / 2, not_turned, *end - start))
        writer.text(names[index])
    return writer.to_bytes()
