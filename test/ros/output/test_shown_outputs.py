"""Everything that the node shows of faces is valid, whatever the images show, and tells the same.

Faces that come and leave, none, one and two, without a calibration and with one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from visualization_msgs.msg import Marker, MarkerArray

from facemesh_ros.messages.marker_parts import STYLES
from facemesh_ros.msg import FaceMesh, FaceMeshArray
from facemesh_ros.ros.input.image_conversion import msg_from_bgr
from test.ros.output.cloud_rules import xyz
from test.ros.output.rules import numbers
from test.ros.output.validity import violations

vision_msgs = pytest.importorskip('vision_msgs.msg')
foxglove_msgs = pytest.importorskip('foxglove_msgs.msg')

WIDTH, HEIGHT, FOCAL = 1100, 560, 700.0
KINDS = {
    'markers': MarkerArray,
    'points': PointCloud2,
    'detections': vision_msgs.Detection2DArray,
    'annotations': foxglove_msgs.ImageAnnotations,
}
LEFT, RIGHT = 20, 560
# How many images a face that left is still expected in, and one more.
GONE_AFTER = 8


@pytest.fixture(scope='module', autouse=True)
def node(start_node):
    return start_node('landmark_model:=attention', 'max_coast_frames:=3')


@pytest.fixture
def received(client):
    """What comes, by topic."""
    lists = {topic: [] for topic in KINDS}
    for topic, kind in KINDS.items():
        client.create_subscription(kind, f'facemesh/{topic}', lists[topic].append, 50)
    for topic in KINDS:
        name = f'facemesh/{topic}'
        client.wait_until(lambda name=name: client.count_publishers(name), name)
    return lists


@pytest.fixture
def show(client, astronaut_bgr) -> Callable[..., FaceMeshArray]:
    """Show an image with faces at some places, and return the answer."""

    def show(*places: int, calibrated: bool = True) -> FaceMeshArray:
        bgr = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
        for left in places:
            bgr[20 : 20 + 512, left : left + 512] = astronaut_bgr
        image: Image = msg_from_bgr(bgr, client.header())
        k = [FOCAL, 0.0, (WIDTH - 1) / 2, 0.0, FOCAL, (HEIGHT - 1) / 2, 0.0, 0.0, 1.0]
        info = CameraInfo(header=image.header, width=WIDTH, height=HEIGHT)
        if calibrated:  # drivers without a calibration send zeros
            info.k = k
        client.camera_infos.publish(info)
        return client.answer_to(image)

    return show


def come_and_leave(show: Callable[..., FaceMeshArray], *, calibrated: bool) -> list[FaceMeshArray]:
    shown = [(LEFT,), (LEFT, RIGHT), (LEFT, RIGHT), (LEFT, RIGHT), (RIGHT,), *[()] * GONE_AFTER]
    return [show(*places, calibrated=calibrated) for places in shown]


@pytest.mark.parametrize('calibrated', [False, True])
@pytest.mark.parametrize('style', STYLES)
def test_every_message_is_valid(client, show, received, style, calibrated):
    assert client.set_parameter('marker_style', string_value=style).successful
    answers = come_and_leave(show, calibrated=calibrated)
    client.spin_for(0.5)
    assert {len(answer.faces) for answer in answers} >= {0, 1, 2}
    for topic, msgs in received.items():
        assert msgs, topic
        for msg in msgs:
            assert violations(msg) == [], topic
    # Those kinds of markers have really been there.
    markers = [marker for msg in received['markers'] for marker in msg.markers]
    added = {one.ns for one in markers if one.action == Marker.ADD}
    deleted = {one.ns for one in markers if one.action == Marker.DELETE}
    in_metres = {'axes', 'gaze'} if calibrated else set()
    assert added - {'gaze'} == {style, 'name'} | (in_metres - {'gaze'})
    assert deleted >= added
    assert received['markers'][-1].markers == []


def drawn(msg: MarkerArray, namespace: str) -> list[Marker]:
    """Return the markers that are not the end of a face that has left."""
    return [it for it in msg.markers if (it.ns, it.action) == (namespace, Marker.ADD)]


def stamp_of_last(msg: MarkerArray) -> Time:
    return msg.markers[-1].header.stamp if msg.markers else Time()


@pytest.fixture
def shown_alike(client, show, received):
    """Show images until one's answer and its message of a topic are there; return both."""

    def ask(topic, stamp_of, *places):
        found = []

        def both():
            answer = show(*places)
            client.spin_for(0.2)
            stamp = answer.header.stamp
            answers = [one for one in client.answers if one.header.stamp == stamp]
            found[:] = [(answer, msg) for msg in received[topic] if stamp_of(msg) == stamp]
            metric = all(face.metric_source for face in answer.faces)
            return len(answers) == len(found) == 1 and metric and len(answer.faces) == len(places)

        client.wait_until(both, f'the message on {topic}')
        return found[-1]

    return ask


def test_detections_are_the_faces_of_the_message(shown_alike):
    answer, msg = shown_alike('detections', lambda it: it.header.stamp, LEFT, RIGHT)
    assert msg.header == answer.header
    for face, detection in zip(answer.faces, msg.detections, strict=True):
        assert detection.id == face.id
        x0, y0, x1, y1 = face.box
        bbox = detection.bbox
        assert numbers(bbox.center) == pytest.approx([(x0 + x1) / 2, (y0 + y1) / 2, 0])
        assert (bbox.size_x, bbox.size_y) == pytest.approx((x1 - x0, y1 - y0))
        (result,) = detection.results
        assert result.hypothesis.score == pytest.approx(face.presence)
        assert result.pose == face.pose


def test_a_face_that_is_only_expected_is_no_detection(client, show, shown_alike, received):
    shown_alike('detections', lambda it: it.header.stamp, LEFT)
    answer = show()
    assert [face.state for face in answer.faces] == [FaceMesh.STATE_COASTING]
    client.wait_until(lambda: received['detections'][-1].header == answer.header, 'no detections')
    assert received['detections'][-1].detections == []


def test_annotations_are_on_the_landmarks_as_foxglove_counts_pixels(shown_alike):
    """From the corner of the top-left pixel: half a pixel more than from its centre."""
    answer, msg = shown_alike('annotations', lambda it: it.points[0].timestamp, LEFT, RIGHT)
    for face in answer.faces:
        landmarks = np.asarray(face.landmarks).reshape(-1, 3)[:, :2] + 0.5
        (text,) = (it for it in msg.texts if it.text.startswith(face.id))
        metres = float(np.linalg.norm(numbers(face.pose.pose.position)))
        assert text.text.endswith(f' {metres:.2f} m')
        (contours,) = (it for it in msg.points if it.outline_color == text.text_color)
        ends = np.array([numbers(point) for point in contours.points])
        distances = np.linalg.norm(ends[:, None] - landmarks[None], axis=2).min(axis=1)
        assert distances.max() < 1e-3
        assert len(np.unique(ends, axis=0)) > 100
        irises = [it for it in msg.circles if it.outline_color == text.text_color]
        centres = sorted(numbers(it.position).tolist() for it in irises)
        np.testing.assert_allclose(centres, sorted(landmarks[[468, 473]].tolist()), atol=1.5)
        assert all(4 < it.diameter < 20 for it in irises)


def test_axes_of_the_annotations_end_where_the_pose_says(shown_alike):
    """The pinhole camera's equation, u = f x / z + c, of points on the axes of the head."""
    answer, msg = shown_alike('annotations', lambda it: it.points[0].timestamp, LEFT)
    (face,) = answer.faces
    (arrows,) = (it for it in msg.points if it.outline_colors)
    assert numbers(*arrows.outline_colors[:3]).reshape(3, 4).tolist() == [
        [1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 1],
    ]  # fmt: skip
    ends = np.array([numbers(point) for point in arrows.points])
    position, (x, y, z, w) = numbers(face.pose.pose.position), numbers(face.pose.pose.orientation)
    ahead = np.array([1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w)])
    centre = np.array([WIDTH / 2, HEIGHT / 2])  # in Foxglove's pixels
    np.testing.assert_allclose(ends[0], position[:2] / position[2] * FOCAL + centre, atol=1e-2)
    tip = position + 0.06 * ahead
    np.testing.assert_allclose(ends[1], tip[:2] / tip[2] * FOCAL + centre, atol=1e-2)


def test_head_axes_are_red_green_and_blue_in_the_axes_of_the_face(shown_alike):
    """REP-155: x out of the face, y to its left, z up. She looks at the camera."""
    answer, msg = shown_alike('markers', stamp_of_last, LEFT)
    (axes,) = drawn(msg, 'axes')
    ends = np.array([numbers(point) for point in axes.points]).reshape(3, 2, 3)
    x, y, z = ends[:, 1] - ends[:, 0]
    assert x[2] < -0.08  # towards the camera
    assert y[0] > 0.08  # to the right of the image
    assert z[1] < -0.08  # up
    colours = numbers(*axes.colors).reshape(3, 2, 4)
    np.testing.assert_array_equal(colours[:, 0], colours[:, 1])
    np.testing.assert_array_equal(colours[:, 0, :3], np.eye(3))
    assert axes.id == int(answer.faces[0].id[1:])


def test_names_and_gazes_are_at_the_face(shown_alike):
    answer, msg = shown_alike('markers', stamp_of_last, LEFT)
    (face,) = answer.faces
    points_m = np.asarray(face.landmarks_metric).reshape(-1, 3)
    (name,) = drawn(msg, 'name')
    place, forehead = numbers(name.pose.position), points_m[10]
    assert 0.01 < forehead[1] - place[1] < 0.05
    assert abs(place - forehead)[[0, 2]].max() < 0.03
    assert name.scale.z == pytest.approx(0.025)
    eyes = {0: (points_m[[33, 133]], face.gaze_right), 1: (points_m[[263, 362]], face.gaze_left)}
    for arrow in drawn(msg, 'gaze'):
        corners, gaze = eyes[arrow.id - 2 * int(face.id[1:])]
        start, end = (numbers(point) for point in arrow.points)
        np.testing.assert_allclose(start, corners.mean(axis=0), atol=1e-6)
        np.testing.assert_allclose(end - start, 0.2 * np.asarray(gaze), atol=1e-6)


def test_a_cloud_is_read_by_its_fields(shown_alike):
    answer, cloud = shown_alike('points', lambda it: it.header.stamp, LEFT, RIGHT)
    landmarks = np.concatenate([np.asarray(face.landmarks_metric) for face in answer.faces])
    np.testing.assert_array_equal(xyz(cloud), landmarks.reshape(-1, 3))
    assert cloud.is_dense
