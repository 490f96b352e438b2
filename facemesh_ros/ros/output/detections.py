"""Faces as vision_msgs/Detection2DArray, which needs vision_msgs 4 (Humble and later)."""

from __future__ import annotations

from vision_msgs.msg import (
    BoundingBox2D,
    Detection2D,
    Detection2DArray,
    ObjectHypothesis,
    ObjectHypothesisWithPose,
    Point2D,
    Pose2D,
)

from facemesh_ros.geometry.canonical_face import FaceTopology
from facemesh_ros.msg import FaceMesh, FaceMeshArray
from facemesh_ros.ros.output.image_result import ImageResult
from facemesh_ros.ros.output.lazy_topics import LazyTopic
from facemesh_ros.ros.qos import RESULTS

CLASS_ID = 'face'


def lazy_topic(_topology: FaceTopology) -> LazyTopic:
    """Return the topic."""
    return LazyTopic('detections', Detection2DArray, RESULTS, detections_of)


def detections_of(result: ImageResult) -> Detection2DArray:
    """Build the detections of an image."""
    return detections_msg(result.msg)


def detections_msg(msg: FaceMeshArray) -> Detection2DArray:
    """Return the faces that an image shows, as detections of one class.

    Those that are only expected in it (STATE_COASTING) are left out: a detection has no state.
    The score is `presence`, which every image has anew; the detector runs only now and then. The
    pose is that of the face, in header.frame_id, NaN where it is unknown.
    """
    seen = [face for face in msg.faces if face.state != FaceMesh.STATE_COASTING]
    return Detection2DArray(header=msg.header, detections=[_detection(msg, it) for it in seen])


def _detection(msg: FaceMeshArray, face: FaceMesh) -> Detection2D:
    x0, y0, x1, y1 = (float(side) for side in face.box)
    centre = Pose2D(position=Point2D(x=(x0 + x1) / 2, y=(y0 + y1) / 2))
    hypothesis = ObjectHypothesis(class_id=CLASS_ID, score=face.presence)
    return Detection2D(
        header=msg.header,
        id=face.id,
        bbox=BoundingBox2D(center=centre, size_x=x1 - x0, size_y=y1 - y0),
        results=[ObjectHypothesisWithPose(hypothesis=hypothesis, pose=face.pose)],
    )
