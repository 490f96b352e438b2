"""What is written for an image is read, and written again alike, by another implementation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facemesh_ros.geometry.canonical_face import load_topology
from facemesh_ros.io.recordings.message_store import message_store
from facemesh_ros.messages.cdr_writer import CdrWriter
from facemesh_ros.messages.face_messages import FACES_TYPE, NoneMissed, faces_cdr
from facemesh_ros.messages.marker_parts import STYLES
from facemesh_ros.messages.markers import MARKERS_TYPE, MarkerMessages
from facemesh_ros.messages.point_cloud import points_cdr
from facemesh_ros.messages.scene import measured_scene
from facemesh_ros.messages.transforms import TF_TYPE, FaceTransforms
from test.ros.output.random_faces import LANDMARKS, face_streams, random_faces

# rosbags, which writes zeros between fields as we do.
STORE = message_store()
TOPOLOGY = load_topology(LANDMARKS)


@settings(deadline=None, max_examples=30)
@given(face_streams, st.sampled_from(sorted(STYLES)), st.text('abc', max_size=9))
def test_what_is_published_for_a_stream(stream, style, frame_id):
    transforms, markers = FaceTransforms(), MarkerMessages(TOPOLOGY)
    header = STORE.classes.Header(frame_id=frame_id)
    for number, faces in enumerate(stream, 1):
        header.stamp.sec, header.stamp.nanosec = number, 5
        scene = measured_scene(faces)
        for cdr, type_name in (
            (faces_cdr(faces, header, (640, 480), NoneMissed()), FACES_TYPE),
            (transforms.cdr(faces, header), TF_TYPE),
            (markers.cdr(scene, style, header), MARKERS_TYPE),
            (points_cdr(scene, header), 'sensor_msgs/msg/PointCloud2'),
        ):
            if cdr is not None:
                assert STORE.serialised(STORE.deserialised(cdr, type_name), type_name) == cdr


def test_a_face_is_where_another_reader_looks_for_it():
    faces = random_faces([3, 7], 1, blendshapes=52, metric=True)
    header = STORE.classes.Header(frame_id='camera')
    msg = STORE.deserialised(faces_cdr(faces, header, (640, 480), NoneMissed()), FACES_TYPE)
    assert [face.id for face in msg.faces] == ['f00003', 'f00007']
    for index, face in enumerate(msg.faces):
        np.testing.assert_array_equal(face.landmarks, faces.landmarks[index].ravel())
        np.testing.assert_array_equal(face.blendshapes, faces.blendshapes[index])
        np.testing.assert_array_equal(face.box, faces.boxes_xyxy[index])


# By the specification: offset of a number behind a byte, by its format character.
@pytest.mark.parametrize(('kind', 'offset'), [('B', 1), ('H', 2), ('I', 4), ('f', 4), ('d', 8)])
def test_numbers_and_arrays_are_aligned_to_their_size(kind, offset):
    expected = np.array([3], kind).tobytes()
    for write in (
        lambda writer: writer.numbers(kind, 3),
        lambda writer: writer.array(kind, [3]),
    ):
        writer = CdrWriter()
        writer.numbers('B', 1)
        write(writer)
        assert writer.to_bytes()[4:] == b'\1' + bytes(offset - 1) + expected


def test_a_sequence_without_elements_is_its_length():
    writer = CdrWriter()
    writer.sequence('d', [])
    writer.numbers('B', 7)
    assert writer.to_bytes()[4:] == bytes(4) + b'\7'
