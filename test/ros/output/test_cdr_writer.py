"""Messages written as bytes are those that rclpy makes of the same content."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from geometry_msgs.msg import (
    Point,
    Pose,
    PoseWithCovariance,
    Quaternion,
    Transform,
    TransformStamped,
    Vector3,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import ColorRGBA, Header
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import Marker, MarkerArray

from facemesh_ros.geometry.canonical_face import load_topology
from facemesh_ros.geometry.rotations import quaternion_xyzw_from_matrix
from facemesh_ros.messages.face_messages import faces_cdr
from facemesh_ros.messages.marker_parts import STYLES, marker_parts, style_indices
from facemesh_ros.messages.markers import MarkerMessages
from facemesh_ros.messages.point_cloud import points_cdr
from facemesh_ros.messages.transforms import FaceTransforms
from facemesh_ros.msg import FaceMesh, FaceMeshArray
from facemesh_ros.ros.diagnostics.image_counts import ImageCounts
from facemesh_ros.types import Faces, FaceState, MetricSource
from test.ros.output.random_faces import LANDMARKS, random_faces, random_scene

TOPOLOGY = load_topology(LANDMARKS)
COUNTS = ImageCounts(received=9, dropped=3, lost=4, too_old=6, failed=5, processed=2)


def header_of(number: int, frame_id: str) -> Header:
    header = Header(frame_id=frame_id)
    header.stamp.sec, header.stamp.nanosec = 1 + number % 2**30, number % 10**9
    return header


# Names of any length: what follows a string is aligned anew.
headers = st.builds(
    header_of,
    st.integers(0, 2**31),
    st.sampled_from(['', 'camera', 'camera_optical_frame', 'kamera_ö'])
    | st.text('abc', max_size=9),
)
ids = st.lists(st.one_of(st.integers(1, 9), st.integers(99_998, 100_003)), max_size=4, unique=True)
faces_of_a_stream = st.builds(
    random_faces,
    ids,
    st.integers(0, 2**31),
    landmarks=st.sampled_from([LANDMARKS, 468]),
    blendshapes=st.sampled_from([0, 52]),
    metric=st.booleans(),
)


def assert_same(ours: bytes, msg) -> None:
    """Byte for byte; between fields rclpy leaves whatever was in the memory, and we zeros."""
    theirs = serialize_message(msg)
    assert ours[:4] == theirs[:4]
    assert len(ours) == len(theirs)
    mine, other = np.frombuffer(ours, np.uint8), np.frombuffer(theirs, np.uint8)
    assert not mine[mine != other].any()
    mine, other = (deserialize_message(cdr, type(msg)) for cdr in (ours, theirs))
    assert repr(mine) == repr(other)  # in which what is not a number is equal to itself


def pose_of(faces: Faces, index: int) -> PoseWithCovariance:
    x, y, z = faces.metric.positions_m[index].tolist()
    qx, qy, qz, qw = quaternion_xyzw_from_matrix(faces.metric.rotations[index]).tolist()
    pose = Pose(position=Point(x=x, y=y, z=z), orientation=Quaternion(x=qx, y=qy, z=qz, w=qw))
    return PoseWithCovariance(pose=pose, covariance=faces.metric.covariances[index].ravel())


def face_of(faces: Faces, index: int) -> FaceMesh:
    rois, metric = faces.rois, faces.metric
    points_m = metric.landmarks_m[index].ravel().tolist()
    return FaceMesh(
        id=faces.names[index],
        state=int(faces.states[index]),
        age=int(faces.ages[index]),
        detection_score=float(faces.detection_scores[index]),
        last_detection_score=float(faces.last_detection_scores[index]),
        last_detection_age=int(faces.last_detection_ages[index]),
        presence=float(faces.presences[index]),
        box=faces.boxes_xyxy[index],
        roi=np.float32([*rois.centres[index], *rois.sizes_wh[index], rois.rotations_rad[index]]),
        landmark_count=faces.landmarks.shape[1],
        landmarks=faces.landmarks[index].ravel().tolist(),
        metric_source=int(metric.sources[index]),
        landmarks_metric=points_m if metric.sources[index] != MetricSource.NONE else [],
        pose=pose_of(faces, index),
        gaze_left=metric.gazes_left[index],
        gaze_right=metric.gazes_right[index],
        gaze_sigma=float(metric.gaze_sigmas_rad[index]),
        reprojection_error=float(metric.reprojection_errors_px[index]),
        jitter=float(faces.jitters_px[index]),
        blendshapes=faces.blendshapes[index].tolist(),
    )


@settings(deadline=None, max_examples=50)
@given(faces_of_a_stream, headers, st.sampled_from([0.25, math.nan]))
def test_faces(faces, header, latency_s):
    msg = FaceMeshArray(
        header=header,
        image_width=640,
        image_height=480,
        filtered=faces.filtered,
        latency=latency_s,
        dropped_images=3,
        lost_images=4,
        failed_images=5,
        faces=[face_of(faces, index) for index in range(len(faces))],
    )
    assert_same(faces_cdr(faces, header, (640, 480), COUNTS, latency_s), msg)


@settings(deadline=None, max_examples=30)
@given(faces_of_a_stream, headers.filter(lambda it: it.frame_id))
def test_frames(faces, header):
    """Where they are is told by `test_transforms`; here it is taken from them."""
    seen = (faces.metric.sources != 0) & (faces.states != FaceState.COASTING)
    names = [name for name, is_seen in zip(faces.names, seen, strict=True) if is_seen]
    cdr = FaceTransforms().cdr(faces, header)
    if not names:
        assert cdr is None
        return
    found = deserialize_message(cdr, TFMessage).transforms
    expected = [
        TransformStamped(
            header=header,
            child_frame_id=f'{kind}_{name}',
            transform=Transform(
                translation=Vector3(x=shift.x, y=shift.y, z=shift.z),
                rotation=Quaternion(x=turn.x, y=turn.y, z=turn.z, w=turn.w),
            ),
        )
        for (name, kind), one in zip(
            [(name, kind) for name in names for kind in ('face', 'mouth', 'gaze')],
            found,
            strict=True,
        )
        for shift, turn in [(one.transform.translation, one.transform.rotation)]
    ]
    assert_same(cdr, TFMessage(transforms=expected))


def marker_of(part, header: Header) -> Marker:
    marker = Marker(header=header, ns=part.namespace, id=part.number, type=part.kind)
    marker.lifetime.sec = 1
    marker.pose.orientation.w = 1.0
    red, green, blue = part.rgb
    marker.color = ColorRGBA(r=red, g=green, b=blue, a=1.0)
    marker.scale.x, marker.scale.y, marker.scale.z = map(float, part.scale)
    points = [Point(x=x, y=y, z=z) for x, y, z in part.points_m[part.indices].tolist()]
    if part.text:
        marker.pose.position, marker.text = points[0], part.text
        return marker
    marker.points = points
    if part.namespace == 'axes':  # x red, y green, z blue, at both ends of each
        for name in 'rrggbb':
            marker.colors.append(ColorRGBA(a=1.0, **{name: 1.0}))
    return marker


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        # Of a face: all; all but its gaze; its points alone, as without a calibration.
        st.tuples(ids, st.integers(0, 2**31), headers, st.sampled_from(['all', 'head', 'points'])),
        max_size=4,
    ),
    st.sampled_from(sorted(STYLES)),
)
def test_markers(stream, style):
    markers, shown = MarkerMessages(TOPOLOGY), set()
    for numbers, seed, header, what in stream:
        scene = random_scene(numbers, seed, gazes=what == 'all')
        if what == 'points':
            unknown = [np.full_like(each, np.nan) for each in (scene.distances_m, scene.rotations)]
            scene = replace(scene, distances_m=unknown[0], rotations=unknown[1])
        parts = marker_parts(scene, style, style_indices(TOPOLOGY)[style])
        gone = shown - {(part.namespace, part.number) for part in parts}
        deleted = [
            Marker(header=header, ns=namespace, id=number, action=Marker.DELETE)
            for namespace, number in sorted(gone)
        ]
        shown = {(part.namespace, part.number) for part in parts}
        msg = MarkerArray(markers=[*deleted, *(marker_of(part, header) for part in parts)])
        assert_same(markers.cdr(scene, style, header), msg)


@settings(deadline=None, max_examples=30)
@given(ids, st.integers(0, 2**31), headers, st.booleans())
def test_points(numbers, seed, header, some_unknown):
    scene = random_scene(numbers, seed)
    if some_unknown and numbers:
        scene.points_m[0, 3] = np.nan
    data = b''.join(
        point.astype('<f4').tobytes() + np.array([index, number], '<u4').tobytes()
        for number, points in zip(scene.ids, scene.points_m, strict=True)
        for index, point in enumerate(points)
    )
    kinds = [(name, PointField.FLOAT32) for name in 'xyz']
    kinds += [('index', PointField.UINT32), ('face', PointField.UINT32)]
    msg = PointCloud2(
        header=header,
        height=1,
        width=len(data) // 20,
        fields=[
            PointField(name=name, offset=4 * index, datatype=kind, count=1)
            for index, (name, kind) in enumerate(kinds)
        ],
        point_step=20,
        row_step=len(data),
        data=data,
        is_dense=not (some_unknown and numbers),
    )
    assert_same(points_cdr(scene, header), msg)


@settings(deadline=None, max_examples=30)
@given(faces_of_a_stream, headers)
def test_detections(faces, header):
    vision = pytest.importorskip('vision_msgs.msg', exc_type=ImportError)
    from facemesh_ros.ros.output.detections import detections_cdr

    found = []
    for index in np.flatnonzero(faces.states != FaceState.COASTING).tolist():
        x0, y0, x1, y1 = map(float, faces.boxes_xyxy[index])
        detection = vision.Detection2D(header=header, id=faces.names[index])
        detection.bbox.center.position.x = (x0 + x1) / 2
        detection.bbox.center.position.y = (y0 + y1) / 2
        detection.bbox.size_x, detection.bbox.size_y = x1 - x0, y1 - y0
        score = float(faces.presences[index])
        hypothesis = vision.ObjectHypothesis(class_id='face', score=score)
        pose = pose_of(faces, index)
        detection.results = [vision.ObjectHypothesisWithPose(hypothesis=hypothesis, pose=pose)]
        found.append(detection)
    msg = vision.Detection2DArray(header=header, detections=found)
    assert_same(detections_cdr(faces, header), msg)


def test_a_face_that_leaves_takes_its_markers_with_it():
    markers = MarkerMessages(TOPOLOGY)
    shown = [
        deserialize_message(markers.cdr(scene, 'mesh', header_of(1, 'camera')), MarkerArray)
        for scene in (random_scene([1, 2], 2), random_scene([2], 3), random_scene([2], 4))
    ]
    deleted = [[it.action for it in array.markers].count(Marker.DELETE) for array in shown]
    assert deleted == [0, 5, 0]
