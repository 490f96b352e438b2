"""Faces that ROS serialised are read back without ROS, all fields of them."""

from __future__ import annotations

import numpy as np
from consumer_messages import face_info, placed_face
from face_recordings import FaceBag
from rclpy.serialization import serialize_message
from rosbags.rosbag2 import StoragePlugin
from std_msgs.msg import Header

from facemesh_ros.io.recordings.face_topics import face_topics_in
from facemesh_ros.io.recordings.message_store import message_store
from facemesh_ros.io.recordings.recorded_faces import recorded_faces
from facemesh_ros.io.recordings.recording import Recording
from facemesh_ros.msg import FaceMeshArray
from facemesh_ros.viz.report.page import Report, page_of

STAMPS = [(1_700_000_000 + number, 250_000_000) for number in range(3)]


def array(sec: int, nanosec: int) -> FaceMeshArray:
    header = Header(frame_id='camera_optical_frame')
    header.stamp.sec, header.stamp.nanosec = sec, nanosec
    faces = [
        placed_face((0.1, 0.0, 1.5), age=7, blendshapes=[0.5] * 52, detection_score=0.75),
        placed_face((0.5, 0.1, 2.5), id='f00002', jitter=0.25),
    ]
    fields = {'image_width': 640, 'image_height': 480, 'filtered': True, 'latency': 0.0625}
    return FaceMeshArray(header=header, faces=faces, dropped_images=3, **fields)


def assert_same(one: object, other: object) -> None:
    """Compare messages of two kinds of classes, field by field."""
    for name in one.get_fields_and_field_types():
        mine, theirs = getattr(one, name), getattr(other, name)
        if hasattr(mine, 'get_fields_and_field_types'):
            assert_same(mine, theirs)
        elif name == 'faces':
            for face, read in zip(mine, theirs, strict=True):
                assert_same(face, read)
        else:
            np.testing.assert_array_equal(np.asarray(mine), np.asarray(theirs), name)


def test_what_ros_serialised_is_read_field_by_field(tmp_path):
    sent, bag = [array(*stamp) for stamp in STAMPS], FaceBag()
    info = face_info()
    topics = (
        ('/facemesh/info', 'FaceMeshInfo', [info]),
        ('/facemesh/landmarks', 'FaceMeshArray', sent),
    )
    for topic, kind, messages in topics:
        for number, msg in enumerate(messages):
            log_ns = STAMPS[0][0] * 10**9 + number * 10**9
            bag.sent.append((topic, f'facemesh_ros/msg/{kind}', log_ns, serialize_message(msg)))
    path, store = bag.write(tmp_path / 'bag', StoragePlugin.SQLITE3), message_store()
    with Recording(path) as recording:
        seen = list(recorded_faces(recording, face_topics_in(recording, store), store))
    for msg, image in zip(sent, seen, strict=True):
        assert_same(msg, image.msg)
        assert_same(info, image.info)


def test_a_report_takes_the_messages_of_ros_themselves():
    from facemesh_ros.viz.seen_image import SeenImage

    pages = []
    for info in (face_info(), None):
        report = Report('live')
        for sec, nanosec in STAMPS:
            stamp_ns = sec * 10**9 + nanosec
            image = SeenImage('/cam', stamp_ns, None, array(sec, nanosec), info, None, None)
            report.stream('/cam').add(image)
        pages.append(page_of(report))
    assert all('up to 2 faces at once' in page for page in pages)
