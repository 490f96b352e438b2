"""Serialised markers with overwritten numbers read as the plain message."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header
from visualization_msgs.msg import Marker, MarkerArray

from facemesh_ros.geometry.canonical_face import load_topology
from facemesh_ros.messages.marker_parts import STYLES
from facemesh_ros.ros.output import cdr_template
from facemesh_ros.ros.output.markers import FaceMarkers
from test.ros.output.random_faces import LANDMARKS, random_scene

numbers = st.integers(0, 2**31)
ids = st.lists(st.one_of(st.integers(1, 9), st.integers(99_998, 100_003)), max_size=4, unique=True)


def header_of(number: int, frame_id: str) -> Header:
    header = Header(frame_id=frame_id)
    header.stamp.sec, header.stamp.nanosec = number % 2**31, number % 10**9
    return header


def received(content: bytes | MarkerArray) -> MarkerArray:
    """Return what a subscriber gets."""
    if not isinstance(content, bytes):
        content = serialize_message(content)
    return deserialize_message(content, MarkerArray)


# Of a face: all; all but its gaze; its points alone, as without a calibration.
known = st.sampled_from(['all', 'head', 'points'])
streams = st.lists(
    st.tuples(ids, numbers, st.sampled_from(['', 'camera', 'camera_optical_frame']), known),
    max_size=4,
)


@settings(deadline=None, max_examples=30)
@given(streams, st.sampled_from(list(STYLES)))
def test_markers(stream, style):
    quick, plain = (FaceMarkers(load_topology(LANDMARKS)) for _ in range(2))
    for numbers_of_faces, number, frame_id, what in stream:
        scene = random_scene(numbers_of_faces, number, gazes=what == 'all')
        if what == 'points':
            unknown = [np.full_like(each, np.nan) for each in (scene.distances_m, scene.rotations)]
            scene = replace(scene, distances_m=unknown[0], rotations=unknown[1])
        header = header_of(number, frame_id)
        content = quick.serialised(scene, style, header)
        assert received(content) == received(plain.msg(scene, style, header))


def test_markers_are_serialised_until_a_face_leaves():
    markers = FaceMarkers(load_topology(LANDMARKS))
    shown = [
        markers.serialised(scene, 'mesh', header_of(1, 'camera'))
        for scene in (
            random_scene([1], 1),
            random_scene([1, 2], 2),
            random_scene([2], 3),
            random_scene([2], 4),
        )
    ]
    assert [isinstance(each, bytes) for each in shown] == [True, True, False, True]
    assert [each.action for each in shown[2].markers].count(Marker.DELETE) == 5


@pytest.mark.parametrize('content', [b'\x00\x07\x00\x00' + bytes(52), b'\x00\x01\x00\x00'])
def test_an_unknown_layout_is_left_to_rclpy(monkeypatch, content):
    monkeypatch.setattr(cdr_template, 'serialize_message', lambda _: content)
    scene, header = random_scene([1], 1), header_of(1, 'camera')
    shown = FaceMarkers(load_topology(LANDMARKS)).serialised(scene, 'mesh', header)
    assert isinstance(shown, MarkerArray)
