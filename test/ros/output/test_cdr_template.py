"""Serialised messages with replaced numbers: a subscriber sees what the message itself says."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header
from visualization_msgs.msg import Marker, MarkerArray

from facemesh_ros.geometry.canonical_face import load_topology
from facemesh_ros.msg import FaceMeshArray
from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.ros.output import cdr_template as serialised
from facemesh_ros.ros.output.markers import TYPES, FaceMarkers
from facemesh_ros.ros.output.messages import FaceArrays, array_msg_from_faces
from facemesh_ros.types import Faces, Rois

Msg = TypeVar('Msg')
LANDMARKS, BLENDSHAPES = 478, 52
numbers = st.integers(0, 2**31)
ids = st.lists(st.one_of(st.integers(1, 9), st.integers(99_998, 100_003)), max_size=4, unique=True)


def header_of(number: int, frame_id: str) -> Header:
    header = Header(frame_id=frame_id)
    header.stamp.sec, header.stamp.nanosec = number % 2**31, number % 10**9
    return header


def faces_of(ids: list[int], seed: int, blendshapes: int = BLENDSHAPES) -> Faces:
    random, count = np.random.default_rng(seed), len(ids)

    def some(*shape: int) -> np.ndarray:
        return random.normal(size=shape).astype(np.float32)

    return Faces(
        ids=np.array(sorted(ids), np.int64),
        states=random.integers(0, 3, count, np.uint8),
        ages=random.integers(1, 2**32, count, np.uint32),
        detection_scores=np.where(random.integers(0, 2, count), some(count), np.float32(np.nan)),
        presences=some(count),
        boxes_xyxy=some(count, 4),
        rois=Rois(some(count, 2), some(count, 2), some(count)),
        landmarks=some(count, LANDMARKS, 3),
        raw_landmarks=some(count, LANDMARKS, 3),
        jitters_px=some(count),
        blendshapes=some(count, blendshapes),
        filtered=bool(random.integers(0, 2)),
    )


def heard(content: bytes | Msg, kind: type[Msg] = MarkerArray) -> Msg:
    """Return what a subscriber gets."""
    if not isinstance(content, bytes):
        content = serialize_message(content)
    return deserialize_message(content, kind)


def told(content: bytes | FaceMeshArray) -> str:
    """Say what is in a message; NaN is not equal to itself, but reads as itself."""
    with np.printoptions(precision=9):
        return repr(heard(content, FaceMeshArray))


streams = st.lists(
    st.tuples(ids, numbers, st.sampled_from(['', 'camera', 'camera_optical_frame'])), max_size=4
)


@settings(deadline=None, max_examples=30)
@given(streams, st.sampled_from([0, BLENDSHAPES]))
def test_faces(stream, blendshapes):
    arrays = FaceArrays()
    for numbers_of_faces, number, frame_id in stream:
        faces, header = (
            faces_of(numbers_of_faces, number, blendshapes),
            header_of(number, frame_id),
        )
        counts = ImageCounts(dropped=number, lost=number + 1, failed=number + 2)
        content = arrays.written(faces, header, (640, 480), counts)(0.125)
        assert isinstance(content, bytes)
        expected = array_msg_from_faces(faces, header, (640, 480), counts)
        expected.latency = 0.125
        assert told(content) == told(expected)


@settings(deadline=None, max_examples=30)
@given(streams, st.sampled_from(list(TYPES)))
def test_markers(stream, style):
    quick, plain = (FaceMarkers(load_topology(LANDMARKS)) for _ in range(2))
    for numbers_of_faces, number, frame_id in stream:
        faces, header = faces_of(numbers_of_faces, number), header_of(number, frame_id)
        content = quick.content(faces, faces.landmarks, style, header)
        assert heard(content) == heard(plain.msg(faces, faces.landmarks, style, header))


def test_the_markers_of_a_stream_are_serialised_until_a_face_leaves():
    markers = FaceMarkers(load_topology(LANDMARKS))
    shown = [
        markers.content(faces, faces.landmarks, 'mesh', header_of(1, 'camera'))
        for faces in (faces_of([1], 1), faces_of([1, 2], 2), faces_of([2], 3), faces_of([2], 4))
    ]
    assert [isinstance(each, bytes) for each in shown] == [True, True, False, True]
    assert [each.action for each in shown[2].markers].count(Marker.DELETE) == 2


@pytest.mark.parametrize('content', [b'\x00\x07\x00\x00' + bytes(52), b'\x00\x01\x00\x00'])
def test_an_unknown_layout_is_left_to_the_middleware(monkeypatch, content):
    monkeypatch.setattr(serialised, 'serialize_message', lambda _: content)
    faces, header = faces_of([1], 1), header_of(1, 'camera')
    counts = ImageCounts(dropped=3, lost=4, failed=5)
    msg = FaceArrays().written(faces, header, (640, 480), counts)(0.125)
    assert isinstance(msg, FaceMeshArray)
    assert (msg.latency, len(msg.faces)) == (0.125, 1)
    assert (msg.dropped_images, msg.lost_images, msg.failed_images) == (3, 4, 5)
    shown = FaceMarkers(load_topology(LANDMARKS)).content(faces, faces.landmarks, 'mesh', header)
    assert isinstance(shown, MarkerArray)
