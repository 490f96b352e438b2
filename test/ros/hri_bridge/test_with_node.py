"""A consumer of libhri, the bridge and the node, each in its process but the consumer."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip('hri_msgs')

from hri_msgs.msg import FacialLandmarks, IdsList
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from sensor_msgs.msg import Image

from facemesh_ros.geometry.named_points import NAMED_POINTS
from facemesh_ros.io.moving_face import moving_astronaut
from facemesh_ros.ros.hri_bridge.face_images import aligned_face, cropped_face
from facemesh_ros.ros.input.image_conversion import frame_from_msg, msg_from_bgr
from test.ros.conftest import LATCHED
from test.ros.hri_bridge.hri_listener import HriListener

GREY = np.full((480, 640, 3), 128, np.uint8)


@pytest.fixture(scope='module', autouse=True)
def node(start_node, require_package):
    require_package('skimage.data')
    return start_node()


class Camera:
    """Shows a moving face at about 20 Hz; no two images are the same."""

    def __init__(self, client):
        self.sent, self._client, self._face = {}, client, moving_astronaut((640, 480))

    def show(self, reached, what, bgr=None):
        def shown():
            image = self._face.image_at(len(self.sent) / 20) if bgr is None else bgr
            msg = msg_from_bgr(image, self._client.header())
            self.sent[msg.header.stamp.sec] = msg
            self._client.send(msg)
            self._client.spin_for(0.05)
            return reached()

        self._client.wait_until(shown, what)


@pytest.fixture
def camera(client):
    camera = Camera(client)
    yield camera
    # The next test begins without a face.
    camera.show(lambda: client.answers and not client.answers[-1].faces, 'the end', GREY)


def publishers_of(client, face_id):
    return {
        name.rpartition('/')[2]
        for name, _ in client.get_topic_names_and_types()
        if name.startswith(f'/humans/faces/{face_id}/') and client.count_publishers(name)
    }


def change(client, transition):
    request = ChangeState.Request(transition=Transition(id=transition))
    assert client.call(ChangeState, 'facemesh/change_state', request).success


def test_a_consumer_gets_all_of_a_face_and_sees_it_go(client, camera, start_bridge):
    bridge, listener = start_bridge(), HriListener(client)
    whole = {'roi', 'cropped', 'aligned', 'landmarks', 'facs'}
    camera.show(
        lambda: any(face.messages.keys() == whole for face in listener.faces.values()),
        'all topics of a face',
    )
    answers = {answer.header.stamp.sec: answer for answer in client.answers}
    (face_id, heard) = next(iter(listener.faces.items()))
    assert listener.seen == [face_id]
    for name, msg in heard.messages.items():
        answer = answers[msg.header.stamp.sec]
        (face,) = answer.faces
        assert (face.id, msg.header) == (face_id, answer.header)
        frame = frame_from_msg(camera.sent[msg.header.stamp.sec])
        check(name, msg, face, frame)
    assert_frames_come_from_the_node_alone(client)

    camera.show(lambda: not listener.faces, 'an empty list', GREY)
    client.wait_until(lambda: not publishers_of(client, face_id), 'the end of its topics')
    assert listener.lists[-1].header.frame_id == 'test_optical_frame'
    complaints = [line for line in bridge.log.splitlines() if 'WARN' in line or 'ERROR' in line]
    # A node that takes long to start is rightly missed.
    assert all('no node publishes' in line for line in complaints), complaints


def check(name, msg, face, frame):
    """Compare a message of a face with what the node says of it in the same image."""
    points = np.frombuffer(face.landmarks, np.float32).reshape(-1, 3)
    if name == 'roi':
        box = np.multiply([msg.xmin, msg.ymin, msg.xmax, msg.ymax], [640, 480] * 2) - 0.5
        assert np.allclose(box, face.box, atol=1e-3)
        assert msg.c == pytest.approx(face.presence)
    elif name == 'landmarks':
        nose, (x, y, _) = msg.landmarks[FacialLandmarks.NOSE], points[NAMED_POINTS['nose_tip']]
        assert np.allclose([nose.x * 640 - 0.5, nose.y * 480 - 0.5], [x, y], atol=1e-3)
    elif name == 'facs':
        assert max(msg.confidence) == pytest.approx(face.presence)
    else:
        expected = (
            cropped_face(frame, face.box, (128, 128))
            if name == 'cropped'
            else aligned_face(frame, points, (128, 128))
        )
        assert (msg.encoding, msg.width, msg.height, msg.step) == ('bgr8', 128, 128, 384)
        shown = np.frombuffer(msg.data, np.uint8).reshape(128, 128, 3)
        assert (shown == expected).all()  # so it was cut out of the very same image


def assert_frames_come_from_the_node_alone(client):
    """Two publishers of one frame would contradict each other."""
    names = {one.node_name for one in client.get_publishers_info_by_topic('/tf')}
    assert 'facemesh' in names
    assert 'hri_bridge' not in names


def test_images_are_read_only_while_somebody_wants_a_picture(client, camera, start_bridge):
    start_bridge()
    HriListener(client, topics=('roi', 'landmarks'))
    listener = HriListener(client, topics=())
    camera.show(lambda: listener.faces, 'a face')
    for _ in range(2):
        pictures = []
        (face_id,) = listener.faces
        camera.show(lambda: client.count_subscribers('image_raw') == 1, 'only the node')
        subscription = client.create_subscription(
            Image, f'/humans/faces/{face_id}/cropped', pictures.append, 1
        )
        camera.show(lambda pictures=pictures: len(pictures) > 1, 'pictures')
        assert client.count_subscribers('image_raw') == 2
        client.destroy_subscription(subscription)


def test_in_privacy_mode_there_is_no_picture_whoever_asks(client, camera, start_bridge):
    start_bridge('privacy_mode:=true')
    listener = HriListener(client)
    camera.show(lambda: any('facs' in face.messages for face in listener.faces.values()), 'a face')
    (face_id,) = listener.faces
    before = len(listener.lists)
    camera.show(lambda: len(listener.lists) > before + 10, 'ten more images')
    assert publishers_of(client, face_id) == {'roi', 'landmarks', 'facs'}
    assert client.count_subscribers('image_raw') == 1
    assert not listener.faces[face_id].messages.keys() & {'cropped', 'aligned'}


def test_faces_of_a_node_that_falls_silent_are_gone_soon(client, camera, start_bridge):
    start_bridge('stale_after:=0.5')
    listener = HriListener(client)
    camera.show(lambda: listener.faces, 'a face')
    (before,) = listener.faces
    change(client, Transition.TRANSITION_DEACTIVATE)
    client.wait_until(lambda: not listener.faces, 'an empty list')
    assert listener.lists[-1].ids == []
    change(client, Transition.TRANSITION_ACTIVATE)
    camera.show(lambda: listener.faces, 'a face again')
    assert before not in listener.faces


def test_who_comes_late_is_told_at_once_and_who_stays_is_told_the_end(
    client, camera, start_bridge
):
    """Also by a list that is latched, as other packages of ROS4HRI latch theirs."""
    bridge = start_bridge('stale_after:=60.0')
    listener = HriListener(client)
    camera.show(lambda: listener.faces, 'a face')
    late = []
    client.create_subscription(IdsList, '/humans/faces/tracked', late.append, LATCHED)
    client.wait_until(lambda: late, 'the list, without another image')
    assert late[0].ids == [*listener.faces]
    assert bridge.stop() == 0
    client.wait_until(lambda: not listener.faces, 'an empty list')
