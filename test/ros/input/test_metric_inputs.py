"""Camera_info and depth of a real node process: what is in metres follows them, and why not."""

from __future__ import annotations

import array
import json
import math
import time

import cv2
import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from facemesh_ros.msg import FaceMesh
from facemesh_ros.ros.input.image_conversion import msg_from_bgr

OK, WARN = DiagnosticStatus.OK, DiagnosticStatus.WARN


@pytest.fixture(scope='module', autouse=True)
def node(start_node):
    return start_node('landmark_model:=mesh', 'min_birth_frames:=1')


@pytest.fixture
def depths(client):
    publisher = client.create_publisher(Image, 'depth/image_raw', 1)
    yield publisher
    client.destroy_publisher(publisher)


def info_of(image, focal=500.0, model='plumb_bob', d=()) -> CameraInfo:
    k = [focal, 0.0, 255.5, 0.0, focal, 255.5, 0.0, 0.0, 1.0]
    return CameraInfo(header=image.header, width=512, height=512, k=k, d=d, distortion_model=model)


@pytest.fixture
def infos(client, face_msg) -> None:
    """Wait until the node receives camera_infos: it may not yet when the client sees it do so."""
    client.wait_until(client.camera_infos.get_subscription_count, 'the subscription')

    def is_metric(**fields) -> bool:
        return answer_with(client, face_msg, **fields).metric_source != FaceMesh.METRIC_NONE

    # Of a kind that no test waits to be told of.
    client.wait_until(lambda: not is_metric(focal=-500.0), 'a refused camera_info')
    client.wait_until(is_metric, 'a good one')


def answer_with(client, face_msg, **fields) -> FaceMesh:
    """Return the face in an image whose camera_info comes just before it."""
    image = face_msg()
    for _ in range(3):  # best effort may lose one
        client.camera_infos.publish(info_of(image, **fields))
    client.spin_for(0.3)  # on a busy machine the image overtakes it, and has the one before
    (face,) = client.answer_to(image).faces
    return face


def assert_not_in_metres(face) -> None:
    assert face.metric_source == FaceMesh.METRIC_NONE
    assert len(face.landmarks_metric) == 0
    position, turn = face.pose.pose.position, face.pose.pose.orientation
    assert np.isnan([position.x, position.y, position.z, turn.x, turn.w]).all()
    assert np.isnan(face.pose.covariance).all()
    assert len(face.landmarks) == 3 * 468  # pixels flow


def test_without_calibration_pixels_flow_and_the_reason_is_said_once(client, face_msg, node):
    for _ in range(3):
        assert_not_in_metres(client.answer_to(face_msg()).faces[0])
    client.status_after(face_msg(), 'no calibrated camera_info', OK)
    client.status_after(face_msg(), '1 face(s)', OK)
    assert node.log.count('no calibrated camera_info') == 1


def test_each_image_has_the_focal_length_of_its_own_camera_info(client, face_msg, infos):
    """A zoom to twice the focal length sees the same picture twice as far."""
    near, far, again = (answer_with(client, face_msg, focal=f) for f in (500.0, 1000.0, 500.0))
    assert near.metric_source != FaceMesh.METRIC_NONE
    distances = [face.pose.pose.position.z for face in (near, far, again)]
    assert distances[1] / distances[0] == pytest.approx(2, rel=0.03)
    assert distances[2] / distances[0] == pytest.approx(1, rel=0.03)


def test_the_lens_moves_what_is_off_centre(client, face_msg, infos):
    """The astronaut's face is above the middle: barrel distortion drew it too near to it."""
    straight = answer_with(client, face_msg)
    bent = answer_with(client, face_msg, d=[-0.3, 0.0, 0.0, 0.0, 0.0])
    fisheye = answer_with(client, face_msg, model='equidistant', d=[0.0] * 4)
    slopes = [
        face.pose.pose.position.y / face.pose.pose.position.z for face in (straight, bent, fisheye)
    ]
    assert slopes[0] < -0.2
    # r (1 - .3 r²) and the arc of the tangent are what the straight one was drawn at.
    x = straight.pose.pose.position.x / straight.pose.pose.position.z
    drawn = math.hypot(slopes[0], x)
    radius = min(np.roots([-0.3, 0, 1, -drawn]).real, key=lambda root: abs(root - drawn))
    assert slopes[1] / slopes[0] == pytest.approx(radius / drawn, rel=0.02)
    assert slopes[2] / slopes[0] == pytest.approx(math.tan(drawn) / drawn, rel=0.02)


@pytest.mark.parametrize(
    ('fields', 'reason'),
    [
        ({'model': 'fov', 'd': [0.9]}, "distortion_model 'fov' is not known"),
        ({'focal': math.nan}, 'K has entries that are not finite'),
        ({'d': [0.1, 0.2]}, 'D has 2 coefficients'),
    ],
)
def test_a_refused_calibration_is_said_once_until_a_good_one_comes(
    client, face_msg, node, infos, fields, reason
):
    for _ in range(2):
        assert_not_in_metres(answer_with(client, face_msg, **fields))
    client.status_after(face_msg(), reason, WARN)
    assert node.log.count(reason) == 1
    assert answer_with(client, face_msg).metric_source != FaceMesh.METRIC_NONE
    client.wait_until(lambda: reason not in client.status.message, 'the end of the problem')


def test_a_bad_depth_image_is_said_once_and_metres_stay(client, face_msg, node, infos, depths):
    client.wait_until(depths.get_subscription_count, 'the subscription to depth')
    reason = "REP 118, not 'rgb8'"

    def reported():
        image = face_msg()
        pixel = {'encoding': 'rgb8', 'height': 1, 'width': 1, 'step': 3, 'data': [0, 0, 0]}
        depths.publish(Image(header=image.header, **pixel))
        assert client.answer_to(image).faces[0].metric_source == FaceMesh.METRIC_CANONICAL
        return client.status and reason in client.status.message

    client.wait_until(reported, 'the reason in the diagnostics')
    assert node.log.count(reason) == 1


def test_depth_is_subscribed_to_while_metric_mode_looks_at_it(client, depths):
    client.wait_until(depths.get_subscription_count, 'the subscription')
    assert client.set_parameter('metric_mode', string_value='canonical').successful
    client.wait_until(lambda: not depths.get_subscription_count(), 'the end of it')
    assert client.set_parameter('metric_mode', string_value='auto').successful
    client.wait_until(depths.get_subscription_count, 'the subscription')


@pytest.fixture(scope='module')
def scanned(data_folder, require):
    """A picture of a scanned head, its camera_info and depth, and where its mouth truly is."""
    folder = data_folder.parent / 'truth' / 'lps_scan'
    file = folder / 'truth.json'
    require(file.exists(), f'{file}, beside the pictures of FACEMESH_DATA')
    scene = json.loads(file.read_text())[0]
    image = msg_from_bgr(cv2.imread(str(folder / scene['file'])), Header())
    mm = cv2.imread(str(folder / scene['file'].replace('.jpg', '_depth.png')), -1)
    depth = Image(encoding='16UC1', height=mm.shape[0], width=mm.shape[1], step=2 * mm.shape[1])
    depth.data = array.array('B', mm.tobytes())
    info = CameraInfo(width=mm.shape[1], height=mm.shape[0], k=scene['K'])
    return image, info, depth, np.array(scene['sellion'])


@pytest.mark.parametrize('late_s', [0.0, 0.01])
def test_depth_of_the_images_stamp_gives_the_size(client, scanned, depths, late_s):
    """It comes a little after its image, as registered depth does."""
    image, info, depth, sellion = scanned
    client.wait_until(depths.get_subscription_count, 'the subscription to depth')

    def measured():
        image.header = info.header = depth.header = client.header()
        client.send(image)
        client.camera_infos.publish(info)
        time.sleep(late_s)
        depths.publish(depth)
        client.spin_for(0.3)
        face = client.answers[-1].faces[0] if client.answers and client.answers[-1].faces else None
        return face if face and face.metric_source == FaceMesh.METRIC_DEPTH else None

    client.wait_until(measured, 'metres by depth')
    position = client.answers[-1].faces[0].pose.pose.position
    found = np.array([position.x, position.y, position.z])
    assert np.linalg.norm(found) == pytest.approx(np.linalg.norm(sellion), rel=0.03)
