"""Whatever is known of faces, messages keep the rules of those who read them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header
from visualization_msgs.msg import Marker

from facemesh_ros.geometry.camera import CalibratedCamera, Intrinsics
from facemesh_ros.geometry.canonical_face import load_topology
from facemesh_ros.messages.annotations import AnnotationMessages
from facemesh_ros.messages.marker_parts import STYLES
from facemesh_ros.messages.markers import MarkerMessages
from facemesh_ros.messages.scene import assumed_scene, measured_scene
from facemesh_ros.types import Faces, Frame, PixelOrder
from test.ros.output.cloud_rules import xyz
from test.ros.output.published import markers_msg, points_msg
from test.ros.output.random_faces import LANDMARKS, random_faces, random_scene
from test.ros.output.validity import RULES, violations

HEADER = Header(frame_id='camera_optical_frame')
HEADER.stamp.sec, HEADER.stamp.nanosec = 17, 5
TOPOLOGY = load_topology(LANDMARKS)
# The landmarks of each triangle, line or point of a style.
CORNERS = {
    'mesh': TOPOLOGY.triangles,
    'wireframe': TOPOLOGY.edges,
    'contours': TOPOLOGY.contours,
    'points': np.arange(LANDMARKS),
}
INTRINSICS = Intrinsics(500, 500, 320, 240)
FRAME = Frame(
    np.zeros((480, 640, 3), np.uint8), PixelOrder.BGR, camera=CalibratedCamera(INTRINSICS)
)
detections = pytest.importorskip('facemesh_ros.ros.output.detections', exc_type=ImportError)
vision = pytest.importorskip('vision_msgs.msg', exc_type=ImportError)
annotations = pytest.importorskip('facemesh_ros.ros.output.annotations', exc_type=ImportError)

ids = st.lists(st.integers(1, 10**6), max_size=4, unique=True)
seeds = st.integers(0, 2**31)
faces_of_a_stream = st.builds(random_faces, ids, seeds, metric=st.booleans())


def received(msg):
    """What a subscriber gets: parts that several share here are parts of its own."""
    return deserialize_message(serialize_message(msg), type(msg))


def detections_of(faces: Faces):
    presences = np.clip(np.abs(faces.presences), 0, 1)
    boxes = np.sort(faces.boxes_xyxy.reshape(-1, 2, 2), axis=1).reshape(-1, 4)
    faces = replace(faces, presences=presences, boxes_xyxy=boxes)
    return deserialize_message(detections.detections_cdr(faces, HEADER), vision.Detection2DArray)


def annotations_of(faces: Faces, frame: Frame = FRAME):
    messages = AnnotationMessages(annotations.FOXGLOVE_CLASSES, TOPOLOGY)
    return messages.msg(faces, frame, HEADER.stamp)


@settings(deadline=None, max_examples=25)
@given(st.lists(faces_of_a_stream, min_size=1, max_size=3), st.sampled_from(list(STYLES)))
def test_whatever_is_known_of_faces_their_outputs_are_valid(stream, style):
    """With metres and without, with gaze and without, faces that come and leave."""
    markers = MarkerMessages(TOPOLOGY)
    for faces in stream:
        for scene in measured_scene(faces), assumed_scene(faces, INTRINSICS):
            assert violations(markers_msg(markers, scene, style, HEADER)) == []
            cloud = points_msg(scene, HEADER)
            assert violations(cloud) == []
            np.testing.assert_array_equal(xyz(cloud), scene.points_m.reshape(-1, 3))
        assert violations(annotations_of(faces)) == []
        assert violations(annotations_of(faces, replace(FRAME, camera=None))) == []
        assert violations(detections_of(faces)) == []


@settings(deadline=None, max_examples=25)
@given(seeds, st.sampled_from(list(STYLES)), st.sampled_from([1, 30, LANDMARKS]))
def test_unknown_points_are_left_out(seed, style, count):
    """RViz would refuse the whole marker."""
    random = np.random.default_rng(seed)
    scene = random_scene([3, 8], seed)
    unknown = random.choice(LANDMARKS, count, replace=False)
    scene.points_m[0, unknown] = np.nan
    array = markers_msg(MarkerMessages(TOPOLOGY), scene, style, HEADER)
    assert violations(array) == []
    shown = {it.id: it.points for it in array.markers if it.ns == style}
    each = CORNERS[style].reshape(len(CORNERS[style]), -1)
    left = each[~np.isin(each, unknown).any(axis=1)].ravel()
    found = [[point.x, point.y, point.z] for point in shown.get(3, [])]
    np.testing.assert_array_equal(np.reshape(found, (-1, 3)), scene.points_m[0, left])
    assert len(shown[8]) == each.size
    cloud = points_msg(scene, HEADER)
    assert violations(cloud) == []
    assert not cloud.is_dense


def valid_messages():
    """One of each kind that has all there can be in it."""
    # Of these random faces each has what the others lack.
    faces = random_faces(list(range(1, 9)), 1, metric=True)
    scene = measured_scene(faces)
    return {
        'MarkerArray': markers_msg(MarkerMessages(TOPOLOGY), scene, 'mesh', HEADER),
        'PointCloud2': points_msg(scene, HEADER),
        'ImageAnnotations': annotations_of(faces),
        'Detection2DArray': detections_of(faces),
    }


VALID = valid_messages()


def marker_of(array, kind):
    return next(it for it in array.markers if it.type == kind)


def with_nan(numbers):
    numbers.x = float('nan')


def duplicated(array):
    array.markers.append(array.markers[0])


def without_a_byte(cloud):
    cloud.data = cloud.data[:-1]


def first_result(msg):
    return msg.detections[0].results[0]


# What breaks each rule.
BREAKS = {
    'each namespace and id once': duplicated,
    'a known action': lambda it: setattr(it.markers[0], 'action', 7),
    'frames that tf2 takes': lambda it: setattr(it.markers[0].header, 'frame_id', '/camera'),
    'a known type': lambda it: setattr(it.markers[0], 'type', 99),
    'finite numbers': lambda it: with_nan(marker_of(it, Marker.ARROW).points[0]),
    'a rotation of length 1': lambda it: setattr(it.markers[0].pose.orientation, 'w', 0.0),
    'as many points as its type takes': lambda it: marker_of(
        it, Marker.TRIANGLE_LIST
    ).points.pop(),
    'no scale of zero': lambda it: setattr(marker_of(it, Marker.LINE_LIST).scale, 'x', 0.0),
    'no colours, or one for each point': lambda it: marker_of(it, Marker.LINE_LIST).colors.pop(),
    'colours in [0, 1], not transparent': lambda it: setattr(it.markers[0].color, 'a', 0.0),
    'a text where it is one': lambda it: setattr(
        marker_of(it, Marker.TEXT_VIEW_FACING), 'text', ' '
    ),
    'an arrow has a length': lambda it: marker_of(it, Marker.ARROW).points.__setitem__(
        1, marker_of(it, Marker.ARROW).points[0]
    ),
    'a lifetime': lambda it: setattr(it.markers[0].lifetime, 'sec', 0),
    'a frame that tf2 takes': lambda it: setattr(it.header, 'frame_id', ''),
    'x, y and z are FLOAT32, aligned': lambda it: setattr(it.fields[1], 'datatype', 8),
    'little endian': lambda it: setattr(it, 'is_bigendian', True),
    'as much data as width, height and point_step say': without_a_byte,
    'rows without gaps': lambda it: setattr(it, 'row_step', it.width),
    'fields side by side in a point': lambda it: setattr(it.fields[2], 'offset', 4),
    'is_dense says whether all are finite': lambda it: setattr(it, 'is_dense', False),
    'a point has bytes': lambda it: setattr(it, 'point_step', 0),
    'a known type of points': lambda it: setattr(it.points[0], 'type', 9),
    'lines have two ends': lambda it: it.points[0].points.pop(),
    'no colours, or one for each line': lambda it: next(
        one for one in it.points if one.outline_colors
    ).outline_colors.pop(),
    'colours in [0, 1]': lambda it: setattr(it.texts[0].text_color, 'r', 255.0),
    'lines, circles and letters have a size': lambda it: setattr(it.circles[0], 'diameter', 0.0),
    'finite pixels': lambda it: with_nan(it.points[0].points[0]),
    'texts say something': lambda it: setattr(it.texts[0], 'text', ''),
    'one time for all, and never none': lambda it: setattr(it.texts[0].timestamp, 'sec', 1),
    "each has the array's header": lambda it: setattr(it.header, 'frame_id', 'other'),
    'an id each': lambda it: setattr(it.detections[0], 'id', it.detections[1].id),
    'one class': lambda it: setattr(first_result(it).hypothesis, 'class_id', '0'),
    'a score in [0, 1]': lambda it: setattr(first_result(it).hypothesis, 'score', float('nan')),
    'an upright box of a size': lambda it: setattr(it.detections[0].bbox, 'size_x', 0.0),
    'a pose that is known, or not a number': lambda it: with_nan(
        next(one for one in it.detections if np.isfinite(one.results[0].pose.pose.position.x))
        .results[0]
        .pose.pose.position
    ),
}


@pytest.mark.parametrize(
    ('kind', 'what'), [(kind, rule.what) for kind, rules in RULES.items() for rule in rules]
)
def test_every_rule_can_fail(kind, what):
    assert violations(VALID[kind]) == []
    broken = received(VALID[kind])
    BREAKS[what](broken)
    assert any(text.startswith(f'{what} (') for text in violations(broken))


def test_annotations_without_faces_have_a_time():
    """Without one Foxglove would show no more images of a synchronised view."""
    msg = annotations_of(random_faces([], 1))
    assert violations(msg) == []
    assert (msg.circles, msg.texts) == ([], [])
    (nothing,) = msg.points
    assert (len(nothing.points), nothing.timestamp) == (0, HEADER.stamp)


def test_foxgloves_constants():
    """As its documentation of PointsAnnotationType has them."""
    kind = type(annotations_of(random_faces([], 1)).points[0])
    values = kind.POINTS, kind.LINE_LOOP, kind.LINE_STRIP, kind.LINE_LIST
    assert values == (1, 2, 3, 4)
