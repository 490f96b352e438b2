"""Messages of classes made without ROS have the fields of those of rclpy's classes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from rclpy.serialization import serialize_message

from facemesh_ros.geometry.canonical_face import load_topology
from facemesh_ros.io.recordings.message_store import message_store
from facemesh_ros.messages.annotations import ANNOTATION_TYPES, AnnotationMessages
from facemesh_ros.messages.info_message import info_msg
from facemesh_ros.messages.message_classes import MESSAGE_TYPES
from facemesh_ros.ros.output.messages import ROS_CLASSES
from test.ros.output.random_faces import LANDMARKS, face_streams
from test.ros.output.test_messages import MODEL
from test.ros.output.test_validity import FRAME

annotations = pytest.importorskip('facemesh_ros.ros.output.annotations', exc_type=ImportError)
STORE = message_store()
BOTH = (ROS_CLASSES, STORE.classes)
FOXGLOVE = (annotations.FOXGLOVE_CLASSES, STORE.annotation_classes)
TOPOLOGY = load_topology(LANDMARKS)


def header_of(classes, number: int):
    header = classes.Header(frame_id='camera_optical_frame')
    header.stamp.sec, header.stamp.nanosec = 17 + number, 5
    return header


def assert_same(of_ros, of_store, type_name: str) -> None:
    assert (of_ros is None) == (of_store is None)
    if of_ros is not None:
        # Read and written once more: between fields the middleware leaves whatever was there.
        received = STORE.deserialised(serialize_message(of_ros), type_name)
        assert STORE.serialised(of_store, type_name) == STORE.serialised(received, type_name)


@settings(deadline=None, max_examples=15)
@given(face_streams)
def test_annotations_of_a_stream(stream):
    for number, faces in enumerate(stream):
        made = [
            AnnotationMessages(classes, TOPOLOGY).msg(
                faces, FRAME, header_of(stamps, number).stamp
            )
            for classes, stamps in zip(FOXGLOVE, BOTH, strict=True)
        ]
        assert_same(*made, 'foxglove_msgs/msg/ImageAnnotations')


def test_what_describes_the_models():
    made = [info_msg(classes, MODEL, TOPOLOGY, header_of(classes, 0)) for classes in BOTH]
    assert_same(*made, 'facemesh_ros/msg/FaceMeshInfo')


@pytest.mark.parametrize(
    ('name', 'both'),
    [
        *((name, BOTH) for name in MESSAGE_TYPES),
        *((name, FOXGLOVE) for name in ANNOTATION_TYPES),
    ],
)
def test_defaults(name, both):
    """Also those that a definition gives, as a Quaternion's w."""
    bare = name.rpartition('/')[2]
    of_ros, of_store = (getattr(classes, bare)() for classes in both)
    assert_same(of_ros, of_store, name)
