"""The topic `~/annotations`, where foxglove_msgs is installed."""

from __future__ import annotations

from typing import Any

from facemesh_ros.geometry.canonical_face import FaceTopology
from facemesh_ros.messages.annotations import ANNOTATION_TYPES, AnnotationMessages
from facemesh_ros.messages.message_classes import MessageClasses
from facemesh_ros.ros.output.image_result import ImageResult
from facemesh_ros.ros.output.lazy_topics import LazyTopic
from facemesh_ros.ros.output.messages import class_of
from facemesh_ros.ros.qos import RESULTS

FOXGLOVE_CLASSES = MessageClasses(class_of, ANNOTATION_TYPES)


def lazy_topic(topology: FaceTopology) -> LazyTopic:
    """Return the topic."""
    messages = AnnotationMessages(FOXGLOVE_CLASSES, topology)

    def build(result: ImageResult) -> Any:
        return messages.msg(result.faces, result.frame, result.header.stamp)

    return LazyTopic('annotations', FOXGLOVE_CLASSES.ImageAnnotations, RESULTS, build)
