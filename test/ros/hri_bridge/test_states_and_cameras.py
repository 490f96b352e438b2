"""What becomes of faces in each state, from several cameras, with messages as the node sends."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

pytest.importorskip('hri_msgs')

from hri_msgs.msg import IdsList
from sensor_msgs.msg import CompressedImage

from facemesh_ros.msg import FaceMesh, FaceMeshArray
from facemesh_ros.ros.input.image_conversion import msg_from_bgr
from test.ros.hri_bridge.hri_listener import HriListener

TENTATIVE, TRACKED = FaceMesh.STATE_TENTATIVE, FaceMesh.STATE_TRACKED
COASTING = FaceMesh.STATE_COASTING
FRONT, REAR = 'sensor/front', 'sensor/rear'


class Speaker:
    """Publishes faces as the node `sensor` with the cameras front and rear does."""

    def __init__(self, client):
        self._client = client
        self.publishers = {
            name: client.create_publisher(FaceMeshArray, f'{name}/landmarks', 5)
            for name in (FRONT, REAR)
        }

    def say(self, name, header=None, **states):
        """Publish faces by their states; `header` is the image's."""
        msg = FaceMeshArray(header=header or self._client.header())
        msg.image_width, msg.image_height = 640, 480
        points = np.float32(np.random.default_rng(0).uniform(100, 200, (478, 3))).ravel()
        msg.faces = [
            FaceMesh(
                id=face_id,
                state=state,
                presence=0.9,
                box=np.float32([100, 100, 200, 200]),
                landmark_count=478,
                landmarks=points,
                metric_source=FaceMesh.METRIC_IRIS,
            )
            for face_id, state in states.items()
        ]
        self.publishers[name].publish(msg)
        return msg


@pytest.fixture
def speaker(client):
    return Speaker(client)


@pytest.fixture
def hear(client, speaker):
    """Repeat what was said until it is heard."""

    def until(reached, what, name, **states):
        def said():
            speaker.say(name, **states)
            client.spin_for(0.05)
            return reached()

        client.wait_until(said, what)

    return until


def test_only_confirmed_faces_are_listed_and_only_seen_ones_are_described(
    client, hear, start_bridge
):
    start_bridge('facemesh_node:=sensor', 'cameras:=[front, rear]')
    listener = HriListener(client)
    roi = lambda face_id: 'roi' in listener.faces[face_id].messages  # noqa: E731
    client.wait_until(lambda: listener.lists, 'the first list, of no face')
    hear(lambda: len(listener.lists) > 5, 'lists', FRONT, f00001=TENTATIVE)
    assert listener.seen == []
    hear(lambda: 'f00001' in listener.faces and roi('f00001'), 'a face', FRONT, f00001=TRACKED)
    # A face that was not seen in the image stays, and nobody is told where it would be.
    hear(
        lambda: 'f00002' in listener.faces and roi('f00002'),
        'two faces',
        FRONT,
        f00001=COASTING,
        f00002=TRACKED,
    )
    listener.faces['f00001'].messages.clear()
    before = len(listener.lists)
    hear(
        lambda: len(listener.lists) > before + 5,
        'more of them',
        FRONT,
        f00001=COASTING,
        f00002=TRACKED,
    )
    assert listener.faces.keys() == {'f00001', 'f00002'}
    assert listener.faces['f00001'].messages == {}
    # What another camera sees is one list with it.
    hear(lambda: 'f00003' in listener.faces, 'a face of the other camera', REAR, f00003=TRACKED)
    hear(lambda: 'f00001' not in listener.faces, 'the end of a face', FRONT, f00002=TRACKED)
    assert listener.lists[-1].ids == ['f00002', 'f00003']
    # Each camera falls silent by itself.
    hear(lambda: listener.faces.keys() == {'f00003'}, 'one silent', REAR, f00003=TRACKED)
    client.wait_until(lambda: not listener.faces, 'both silent')


def test_faces_are_cut_out_of_compressed_images_of_the_same_stamp(client, speaker, start_bridge):
    start_bridge('facemesh_node:=sensor', 'cameras:=[front]', 'image_transport:=compressed')
    listener = HriListener(client, topics=('cropped',))
    images = client.create_publisher(CompressedImage, 'front/image_raw/compressed', 1)

    def sent():
        header = client.header()
        level = header.stamp.sec % 100
        image = np.full((480, 640, 3), level, np.uint8)
        speaker.say(FRONT, header, f00001=TRACKED)  # before its image, or after it
        data = cv2.imencode('.png', image)[1].tobytes()
        images.publish(CompressedImage(header=header, format='png', data=data))
        client.spin_for(0.1)
        return any('cropped' in face.messages for face in listener.faces.values())

    client.wait_until(sent, 'a picture')
    picture = listener.faces['f00001'].messages['cropped']
    assert set(picture.data) == {picture.header.stamp.sec % 100}


def test_it_says_what_is_missing_and_what_to_do(client, speaker, start_bridge):
    bridge = start_bridge('facemesh_node:=sensor', 'cameras:=[front, side]')
    HriListener(client, topics=('cropped',))
    rival = client.create_publisher(IdsList, '/humans/faces/tracked', 1)

    def told(text):
        def said():
            speaker.say(FRONT, f00001=TRACKED)
            client.send(msg_from_bgr(np.zeros((4, 4, 3), np.uint8), client.header()))
            client.spin_for(0.1)
            return text in bridge.log

        return said

    problems = (
        'set its parameter publish_tf',
        'no image on /front/image_raw has the stamp',
        'no node publishes /sensor/side/landmarks',
        f'another node publishes {rival.topic_name} too',
    )
    for problem in problems:
        client.wait_until(told(problem), problem)
    assert [bridge.log.count(problem) for problem in problems] == [1] * len(problems)


def hostile_faces():
    """Faces that break one promise each; as messages they are sound."""
    landmarks = np.zeros(3 * 478, np.float32)
    for face_id in (
        '',
        'f 1',
        '1f',
        'f/../g',
        'f' * 10**4,
        '\ufffd',
    ):
        yield FaceMesh(id=face_id, landmarks=landmarks)
    for count in (0, 1, 3, 3 * 477, 10**5):
        yield FaceMesh(id='f00009', landmarks=np.zeros(count, np.float32))
    for value in (np.nan, np.inf, -1e30):
        yield FaceMesh(id='f00009', landmarks=np.full(3 * 478, value, np.float32))
        yield FaceMesh(id='f00009', landmarks=landmarks, box=np.full(4, value, np.float32))
    yield FaceMesh(id='f00009', landmarks=landmarks, presence=np.nan)


def test_faces_that_break_the_promises_of_their_message_are_left_out_and_told_once(
    client, speaker, hear, start_bridge
):
    bridge = start_bridge('facemesh_node:=sensor', 'cameras:=[front]')
    listener = HriListener(client)
    hear(lambda: 'f00001' in listener.faces, 'a face', FRONT, f00001=TRACKED)
    for face in hostile_faces():
        face.state = TRACKED
        msg = FaceMeshArray(header=client.header(), faces=[face])
        speaker.publishers[FRONT].publish(msg)
        client.spin_for(0.02)
    hear(lambda: 'f00002' in listener.faces, 'another face', FRONT, f00002=TRACKED)
    assert {face_id for faces in listener.lists for face_id in faces.ids} == {'f00001', 'f00002'}
    assert 'breaks the promises of FaceMesh.msg' in bridge.log
    assert 'Traceback' not in bridge.log
    assert bridge.process.poll() is None
