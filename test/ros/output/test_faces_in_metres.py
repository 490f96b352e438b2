"""A node with a calibrated camera: message, /tf, markers and points tell the same places."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, PointCloud2
from std_msgs.msg import Header
from std_srvs.srv import Trigger
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import Marker, MarkerArray

from facemesh_ros.geometry.canonical_face import load_topology
from facemesh_ros.geometry.rotations import matrix_from_quaternion_xyzw
from facemesh_ros.msg import FaceMesh, FaceMeshArray
from facemesh_ros.ros.input.image_conversion import msg_from_bgr

WIDTH, HEIGHT, FOCAL = 960, 640, 700.0
CLOUD = np.dtype([('xyz', '<f4', 3), ('index', '<u4'), ('face', '<u4')])
OUTER_EYE_CORNERS, INNER_LIPS = [33, 263], [13, 14]


@pytest.fixture(scope='module', autouse=True)
def node(start_node):
    return start_node('landmark_model:=attention')


def info_of(focal: float = FOCAL) -> CameraInfo:
    k = [focal, 0.0, (WIDTH - 1) / 2, 0.0, focal, (HEIGHT - 1) / 2, 0.0, 0.0, 1.0]
    return CameraInfo(width=WIDTH, height=HEIGHT, distortion_model='plumb_bob', d=[0.0] * 5, k=k)


@pytest.fixture
def image_of(client, astronaut_bgr):
    """Make images of the astronaut somewhere in a larger image; by default in the middle."""

    def make(left: int = 224, top: int = 64):
        bgr = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
        bgr[top : top + 512, left : left + 512] = astronaut_bgr
        return msg_from_bgr(bgr, client.header())

    return make


@pytest.fixture
def metric_answer(client):
    """Send images until their faces are in metres, and return the last answer."""

    def ask(make, info=None) -> FaceMeshArray:
        def answered():
            image = make()
            info_msg = info or info_of()
            info_msg.header = image.header
            client.camera_infos.publish(info_msg)
            answer = client.answer_to(image)
            faces = answer.faces
            known = faces and all(face.metric_source for face in faces)
            return answer if known else None

        found = []
        client.wait_until(lambda: found.append(answered()) or found[-1], 'faces in metres')
        return found[-1]

    return ask


def collect(client, kind, topic):
    received = []
    client.create_subscription(kind, topic, received.append, 10)
    return received


def header_of_last(msg):
    """Return the header of the last marker, an empty one if there are no markers."""
    return msg.markers[-1].header if msg.markers else Header()


@pytest.fixture
def answer_and(client, metric_answer):
    """Send images until one's answer and its message of another topic are there; return both.

    The first ones may be lost while the topic is being connected, and an image that was sent again
    before its answer came has several.
    """

    def ask(make, received, header_of=lambda msg: msg.header):
        found = []

        def both():
            answer = metric_answer(make)
            client.spin_for(0.2)
            stamp = answer.header.stamp
            answers = [one for one in client.answers if one.header.stamp == stamp]
            found[:] = [(answer, msg) for msg in received if header_of(msg).stamp == stamp]
            return len(answers) == len(found) == 1

        client.wait_until(both, 'the message of the image')
        return found[-1]

    return ask


def points_m(face: FaceMesh) -> np.ndarray:
    return np.asarray(face.landmarks_metric).reshape(face.landmark_count, 3)


def vector(msg) -> np.ndarray:
    return np.array([msg.x, msg.y, msg.z])


def matrix(quaternion) -> np.ndarray:
    return matrix_from_quaternion_xyzw(np.array([*vector(quaternion), quaternion.w]))


def test_fields_of_a_face_in_metres(metric_answer, image_of):
    (face,) = metric_answer(image_of).faces
    assert face.metric_source == FaceMesh.METRIC_CANONICAL
    pixels = np.asarray(face.landmarks).reshape(-1, 3)[:468, :2]
    seen = points_m(face)[:468]
    found = seen[:, :2] / seen[:, 2:] * FOCAL + ((WIDTH - 1) / 2, (HEIGHT - 1) / 2)
    # Where the camera sees them, up to what a pose of a rigid shape leaves.
    assert np.median(np.linalg.norm(found - pixels, axis=1)) < 5
    assert 0 < face.reprojection_error < 10
    position, axes = vector(face.pose.pose.position), matrix(face.pose.pose.orientation)
    assert position == pytest.approx(seen[168], abs=0.005)
    # She looks at the camera, upright: x towards it, y to the image's right, z up.
    assert axes[2, 0] < -0.85
    assert axes[0, 1] > 0.85
    assert axes[1, 2] < -0.85
    covariance = np.asarray(face.pose.covariance).reshape(6, 6)
    assert covariance == pytest.approx(covariance.T)
    assert (np.linalg.eigvalsh(covariance) > 0).all()
    for gaze in face.gaze_left, face.gaze_right:
        assert math.isnan(gaze[0]) or np.linalg.norm(gaze) == pytest.approx(1, abs=1e-5)


def test_twice_the_focal_length_is_twice_as_far(metric_answer, image_of, client):
    depths_m = []
    for focal in (FOCAL, 2 * FOCAL):
        assert client.call(Trigger, 'facemesh/reset', Trigger.Request()).success
        for _ in range(5):  # best effort may lose one
            client.camera_infos.publish(info_of(focal))
            client.spin_for(0.1)
        (face,) = metric_answer(image_of, info_of(focal)).faces
        depths_m.append(face.pose.pose.position.z)
        right, left = points_m(face)[OUTER_EYE_CORNERS]
        assert np.linalg.norm(right - left) == pytest.approx(0.089, rel=0.15)  # of a person
    assert depths_m[1] == pytest.approx(2 * depths_m[0], rel=0.05)


def test_frames_on_tf(client, answer_and, image_of):
    received = collect(client, TFMessage, '/tf')
    answer, msg = answer_and(image_of, received, lambda msg: msg.transforms[0].header)
    (face,) = answer.faces
    frames = {one.child_frame_id: one for one in msg.transforms}
    assert frames.keys() == {f'{kind}_{face.id}' for kind in ('face', 'mouth', 'gaze')}
    assert all(one.header == answer.header for one in msg.transforms)
    its, mouth = (frames[f'{kind}_{face.id}'].transform for kind in ('face', 'mouth'))
    assert vector(its.translation) == pytest.approx(vector(face.pose.pose.position))
    assert its.rotation == mouth.rotation == face.pose.pose.orientation
    opening_m = points_m(face)[INNER_LIPS].mean(axis=0)
    assert vector(mouth.translation) == pytest.approx(opening_m, abs=1e-6)
    assert frames[f'gaze_{face.id}'].transform.translation == its.translation


def test_nothing_is_told_twice_or_without_a_time(client, answer_and, image_of):
    received = collect(client, TFMessage, '/tf')
    answer_and(image_of, received, lambda msg: msg.transforms[0].header)
    unstamped = image_of()
    unstamped.header.stamp.sec = unstamped.header.stamp.nanosec = 0
    client.answer_to(unstamped)
    again = image_of()
    for _ in range(3):
        client.answers.clear()
        client.answer_to(again)
    client.spin_for(0.3)
    stamps = [
        (one.header.stamp.sec, one.child_frame_id) for it in received for one in it.transforms
    ]
    assert len(set(stamps)) == len(stamps)
    assert min(stamp for stamp, _ in stamps) > 0


@pytest.mark.parametrize('frame_id', ['', '/camera'])
def test_a_frame_that_tf2_refuses_has_no_children(client, metric_answer, image_of, frame_id):
    received = collect(client, TFMessage, '/tf')

    def make():
        image = image_of()
        image.header.frame_id = frame_id
        return image

    metric_answer(make)
    client.wait_until(
        lambda: client.status and 'no frames of faces' in client.status.message, 'the reason'
    )
    assert all(one.header.frame_id != frame_id for it in received for one in it.transforms)
    metric_answer(image_of)
    client.wait_until(lambda: 'no frames' not in client.status.message, 'the end of it')


PLACES = [(224, 64), (0, 100), (448, 128)]


@pytest.mark.parametrize('place', PLACES)
def test_points_are_the_landmarks(client, answer_and, image_of, place):
    """Also off centre."""
    clouds = collect(client, PointCloud2, 'facemesh/points')
    assert client.call(Trigger, 'facemesh/reset', Trigger.Request()).success
    answer, cloud = answer_and(lambda: image_of(*place), clouds)
    (face,) = answer.faces
    assert cloud.header == answer.header
    points = np.frombuffer(cloud.data, CLOUD)
    np.testing.assert_array_equal(points['xyz'], points_m(face))
    assert points['index'].tolist() == list(range(478))
    assert {f'f{number:05d}' for number in points['face']} == {face.id}


@pytest.mark.parametrize('place', PLACES)
def test_markers_are_where_the_face_is(client, answer_and, image_of, place):
    markers = collect(client, MarkerArray, 'facemesh/markers')
    assert client.call(Trigger, 'facemesh/reset', Trigger.Request()).success
    answer, msg = answer_and(lambda: image_of(*place), markers, header_of_last)
    (face,) = answer.faces
    added = {one.ns: one for one in msg.markers if one.action == Marker.ADD}
    assert all(one.header == answer.header for one in added.values())
    corners = np.array([vector(point) for point in added['mesh'].points])
    np.testing.assert_allclose(corners, points_m(face)[load_topology().triangles.ravel()])
    distance_m = np.linalg.norm(vector(face.pose.pose.position))
    assert added['name'].text == f'{face.id} {distance_m:.2f} m'
    origin, x, _, y, _, z = (vector(point) for point in added['axes'].points)
    ends = np.column_stack([x - origin, y - origin, z - origin])
    assert origin == pytest.approx(vector(face.pose.pose.position))
    assert ends == pytest.approx(0.1 * matrix(face.pose.pose.orientation), abs=1e-9)
    assert ('gaze' in added) == bool(np.isfinite([*face.gaze_left, *face.gaze_right]).any())


def test_what_is_gone_or_has_no_metres_is_deleted(client, metric_answer, answer_and, image_of):
    markers = collect(client, MarkerArray, 'facemesh/markers')
    answer_and(image_of, markers, header_of_last)
    assert client.set_parameter('metric_mode', string_value='none').successful
    markers.clear()
    faces = []
    client.wait_until(lambda: faces.extend(client.answer_to(image_of()).faces) or faces, 'a face')
    assert {face.metric_source for face in faces} == {FaceMesh.METRIC_NONE}

    def deleted():
        return {
            one.ns for msg in markers for one in msg.markers if one.action == Marker.DELETE
        } >= {'mesh', 'name', 'axes'}

    client.wait_until(deleted, 'their end')
    client.spin_for(0.3)
    assert markers[-1].markers == [] or markers[-1].markers[0].action == Marker.DELETE
    assert client.set_parameter('metric_mode', string_value='auto').successful
    metric_answer(image_of)
    markers.clear()
    grey = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)

    def left():
        client.answer_to(msg_from_bgr(grey, client.header()))
        return deleted()

    client.wait_until(left, 'the end of a face that left')


def test_an_uncalibrated_camera_has_meshes_to_look_at_and_nothing_in_metres(
    client, start_node, image_of, node
):
    node.stop()
    node = start_node('landmark_model:=attention')
    transforms = collect(client, TFMessage, '/tf')
    markers = collect(client, MarkerArray, 'facemesh/markers')
    # The first ones may be lost while the topic is being connected.
    client.wait_until(lambda: client.answer_to(image_of()) and len(markers) > 2, 'markers')
    (face,) = client.answers[-1].faces
    assert face.metric_source == FaceMesh.METRIC_NONE
    assert len(face.landmarks_metric) == 0
    pose = face.pose.pose
    numbers = [*vector(pose.position), *vector(pose.orientation), pose.orientation.w]
    numbers += [*face.pose.covariance, *face.gaze_left, *face.gaze_right, face.gaze_sigma]
    assert np.isnan(numbers).all()
    assert math.isnan(face.reprojection_error)
    assert transforms == []
    assert {one.ns for msg in markers for one in msg.markers} == {'mesh', 'name'}
    assert node.log.count('no calibrated camera_info') == 1
    node.stop()


def test_no_frames_are_published_where_they_are_not_wanted(
    client, start_node, image_of, metric_answer
):
    node = start_node('landmark_model:=attention', 'publish_tf:=false')
    received = collect(client, TFMessage, '/tf')
    metric_answer(image_of)
    client.spin_for(0.3)
    assert (received, client.count_publishers('/tf')) == ([], 0)
    node.stop()
