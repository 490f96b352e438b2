"""A recorded stream gives the same messages bit by bit: live at any speed, and offline."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mcap.reader import make_reader
from message_fields import assert_same_bits
from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message
from recordings import PERIOD_NS, START_NS, STORE, Bag, camera_info, compressed
from sensor_msgs.msg import CameraInfo, CompressedImage
from std_srvs.srv import Trigger

from facemesh_ros.cli.main import main
from facemesh_ros.msg import FaceMesh, FaceMeshArray

CAMERAS = ('front', 'rear')
FRAMES = 18
# From this image on the camera is zoomed.
ZOOMED = 8
# Not of the images.
OF_THE_RUN = {'latency', 'dropped_images', 'lost_images', 'failed_images'}
RELIABLE = QoSProfile(depth=4 * FRAMES)


@pytest.fixture(scope='module')
def bag(astronaut_bgr) -> Bag:
    """Two cameras, JPEG and PNG: a face that comes, is lost for longer than it coasts, returns.

    The one sees it later than the other, and the other way round.
    """
    head = np.ascontiguousarray(astronaut_bgr[10:250, 60:380])
    wall = np.full_like(head, 128)
    made = Bag()
    for number in range(FRAMES):
        stamp_ns = START_NS + number * PERIOD_NS
        for camera, delay, suffix in (('front', 1, 'jpg'), ('rear', 2, 'png')):
            seen = np.roll(head, 3 * number, axis=1)[:, :: 1 if camera == 'front' else -1]
            is_there = number >= delay and not 5 <= number - delay < 12
            pixels = np.ascontiguousarray(seen if is_there else wall)
            info = camera_info((320, 240), stamp_ns, 400.0 if number < ZOOMED else 500.0)
            made.add(f'/{camera}/camera_info', info, stamp_ns)
            image = compressed(pixels, stamp_ns, suffix)
            made.add(f'/{camera}/image_raw/compressed', image, stamp_ns + 1_000_000)
    return made


def landmarks_topic(camera: str) -> str:
    return f'/facemesh/{camera}/landmarks'


def offline(path: Path) -> dict[str, list[FaceMeshArray]]:
    """The landmarks of each camera in a file that `facemesh run --bag` wrote."""
    found: dict[str, list[FaceMeshArray]] = {camera: [] for camera in CAMERAS}
    with path.open('rb') as file:
        for camera, messages in found.items():
            file.seek(0)
            for _, _, message in make_reader(file).iter_messages([landmarks_topic(camera)]):
                messages.append(deserialize_message(message.data, FaceMeshArray))
    return found


class Player:
    """Sends a recording to a node, each image after the last one of its camera was answered."""

    def __init__(self, client: Any, bag: Bag) -> None:
        self._client, self._bag = client, bag
        self._answers: dict[str, list[FaceMeshArray]] = {camera: [] for camera in CAMERAS}
        self._publishers: dict[str, Any] = {}
        for camera, answers in self._answers.items():
            topic = landmarks_topic(camera)
            client.create_subscription(FaceMeshArray, topic, answers.append, RELIABLE)
            for kind, name in (
                (CameraInfo, 'camera_info'),
                (CompressedImage, 'image_raw/compressed'),
            ):
                self._publishers[f'/{camera}/{name}'] = client.create_publisher(
                    kind, f'/{camera}/{name}', RELIABLE
                )
        for topic, publisher in self._publishers.items():
            client.wait_until(publisher.get_subscription_count, f'the subscription to {topic}')
        for camera in CAMERAS:
            topic = landmarks_topic(camera)
            client.wait_until(partial(client.count_publishers, topic), topic)
        client.spin_for(1.0)  # both sides know each other

    def play(self, pause_s: float) -> dict[str, list[FaceMeshArray]]:
        """The answers to all images, sent with pauses between them."""
        for answers in self._answers.values():
            answers.clear()
        for number in range(FRAMES):
            stamp_ns = START_NS + number * PERIOD_NS
            of_stamp = [one for one in self._bag.sent if stamp_of(one.msg) == stamp_ns]
            for one in of_stamp:
                cdr = STORE.serialize_cdr(one.msg, one.msg.__msgtype__)
                self._publishers[one.topic].publish(bytes(cdr))
                # What belongs to an image has come before it.
                self._client.spin_for(0.05 + pause_s)
            for camera, answers in self._answers.items():
                is_answered = partial(has_more_than, answers, number)
                self._client.wait_until(is_answered, f'image {number} of {camera}')
        return {camera: list(answers) for camera, answers in self._answers.items()}


def has_more_than(messages: list[Any], count: int) -> bool:
    return len(messages) > count


def stamp_of(msg: Any) -> int:
    return msg.header.stamp.sec * 10**9 + msg.header.stamp.nanosec


def renumbered(messages: list[FaceMeshArray]) -> list[FaceMeshArray]:
    """The messages with ids counted in the order in which they appear.

    Which numbers the faces of a camera get depends on what others have seen before.
    """
    numbers: dict[str, str] = {}
    for msg in messages:
        for face in msg.faces:
            face.id = numbers.setdefault(face.id, f'{len(numbers)}')
    return messages


def test_live_at_any_speed_and_offline_each_bit_is_the_same(
    client, start_node, bag, tmp_path, monkeypatch, require_models
):
    require_models('v2', 'blendshapes', 'short_range', 'full_range')
    monkeypatch.chdir(tmp_path)
    bag.write(Path('bag'))
    assert main(['run', 'bag', '--bag', 'out.mcap', '--model', 'v2']) == 0
    expected = {name: renumbered(found) for name, found in offline(Path('out.mcap')).items()}
    node = start_node(
        'landmark_model:=v2', f'cameras:=[{", ".join(CAMERAS)}]', 'image_transport:=compressed'
    )
    player = Player(client, bag)
    for pause_s in (0.1, 0.0):
        played = player.play(pause_s)
        faces = [face for messages in played.values() for msg in messages for face in msg.faces]
        # The comparison has seen something: births, coasting, metres, a return.
        assert {face.state for face in faces} == {0, 1, 2}
        assert FaceMesh.METRIC_IRIS in {face.metric_source for face in faces}
        for camera, messages in played.items():
            assert len(messages) == FRAMES
            assert [len(msg.faces) > 0 for msg in messages].count(False) > 1
            for one, other in zip(renumbered(messages), expected[camera], strict=True):
                assert_same_bits(one, other, OF_THE_RUN)
        assert client.call(Trigger, '/facemesh/reset', Trigger.Request()).success
    assert node.process.poll() is None
