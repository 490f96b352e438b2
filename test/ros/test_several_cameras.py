"""Several cameras in one node: separate streams, the same models."""

from __future__ import annotations

import time

import numpy as np
import pytest
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import CameraInfo
from std_srvs.srv import SetBool, Trigger
from tf2_msgs.msg import TFMessage

from facemesh_ros.ros.input.image_conversion import msg_from_bgr
from test.ros.conftest import PATIENCE_S, Client

CAMERAS = ('front', 'rear', 'arm/left')


@pytest.fixture(scope='module', autouse=True)
def node(start_node):
    return start_node(f'cameras:=[{", ".join(CAMERAS)}]', 'landmark_model:=mesh')


@pytest.fixture
def cameras(ros):
    clients = {camera: Client(camera) for camera in CAMERAS}
    yield clients
    for client in clients.values():
        client.destroy_node()


def face_msg_of(client, bgr):
    return msg_from_bgr(bgr, client.header())


def test_each_camera_is_answered_on_its_own_topics(cameras, astronaut_bgr):
    grey = np.full((240, 320, 3), 128, np.uint8)
    shown = {'front': astronaut_bgr, 'rear': grey, 'arm/left': astronaut_bgr[:, ::-1]}
    answers = {
        camera: client.answer_to(face_msg_of(client, np.ascontiguousarray(shown[camera])))
        for camera, client in cameras.items()
    }
    assert {camera: len(answer.faces) for camera, answer in answers.items()} == {
        'front': 1,
        'rear': 0,
        'arm/left': 1,
    }
    assert answers['rear'].image_width == 320
    front, arm = answers['front'].faces[0], answers['arm/left'].faces[0]
    assert front.id != arm.id  # an id is never given to another face while the node runs
    assert front.box[0] + arm.box[2] == pytest.approx(511, abs=8)  # mirrored


def test_each_camera_has_its_info_and_its_diagnostics(cameras, astronaut_bgr):
    for camera, client in cameras.items():
        client.answer_to(face_msg_of(client, astronaut_bgr))
        client.wait_until(lambda client=client: client.infos, 'the info')
        assert client.infos[-1].model == 'mesh'
        topic = f'/{camera}/image_raw'
        client.wait_until(
            lambda client=client, topic=topic: (
                topic in client.statuses and client.statuses[topic].message.startswith('1 face(s)')
            ),
            'the diagnostics',
        )
        assert client.statuses[topic].name == f'/facemesh/{camera}: faces'


def test_enable_and_reset_are_for_all(cameras, astronaut_bgr):
    front, rear = cameras['front'], cameras['rear']
    before = [client.answer_to(face_msg_of(client, astronaut_bgr)) for client in (front, rear)]
    assert front.call(Trigger, 'facemesh/reset', Trigger.Request()).success
    after = [client.answer_to(face_msg_of(client, astronaut_bgr)) for client in (front, rear)]
    for old, new in zip(before, after, strict=True):
        assert old.faces[0].id != new.faces[0].id
    assert front.call(SetBool, 'facemesh/enable', SetBool.Request(data=False)).success
    for client in (front, rear):
        image = face_msg_of(client, astronaut_bgr)
        client.send(image)
        client.spin_for(0.5)
        # Images of before were sent until they were answered; more answers may arrive.
        assert all(answer.header != image.header for answer in client.answers)
    assert front.call(SetBool, 'facemesh/enable', SetBool.Request(data=True)).success
    assert front.answer_to(face_msg_of(front, astronaut_bgr)).faces


def test_under_load_every_camera_gets_its_share(cameras, astronaut_bgr):
    for client in cameras.values():
        client.answer_to(face_msg_of(client, astronaut_bgr))
        client.answers.clear()
    executor = SingleThreadedExecutor()
    for client in cameras.values():
        executor.add_node(client)
    end_s = time.monotonic() + PATIENCE_S
    # Far more images than can be processed.
    while min(len(client.answers) for client in cameras.values()) < 20:
        assert time.monotonic() < end_s
        for client in cameras.values():
            client.send(face_msg_of(client, astronaut_bgr))
        for _ in range(3 * len(cameras)):  # or answers are lost here, to whom is up to chance
            executor.spin_once(timeout_sec=0.001)
    executor.shutdown()
    counts = [len(client.answers) for client in cameras.values()]
    assert max(counts) <= 2 * min(counts)
    for client in cameras.values():
        stamps = [answer.header.stamp.sec for answer in client.answers]
        assert stamps == sorted(set(stamps))  # newer and newer, nothing twice


def test_all_cameras_put_their_faces_on_one_tf(cameras, astronaut_bgr):
    """Ids are unique over the process, and so are the names of frames; parents are the cameras."""
    front, arm = cameras['front'], cameras['arm/left']
    received = []
    front.create_subscription(TFMessage, '/tf', received.append, 10)
    k = [500.0, 0.0, 255.5, 0.0, 500.0, 255.5, 0.0, 0.0, 1.0]

    def parents():
        for client, frame_id in ((front, 'front_optical'), (arm, 'arm_optical')):
            image = face_msg_of(client, astronaut_bgr)
            image.header.frame_id = frame_id
            client.camera_infos.publish(
                CameraInfo(header=image.header, width=512, height=512, k=k)
            )
            client.answer_to(image)
        front.spin_for(0.1)
        return {
            one.child_frame_id: one.header.frame_id for it in received for one in it.transforms
        }

    front.wait_until(lambda: len(set(parents().values())) == 2, 'the frames of two cameras')
    assert {name.partition('_')[0] for name in parents()} >= {'face', 'mouth'}
    known = [(one.child_frame_id, one.header.frame_id) for it in received for one in it.transforms]
    assert len(set(known)) == len({name for name, _ in known})
