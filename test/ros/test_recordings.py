"""A recording written by `facemesh run --bag` holds what a real node publishes for its images."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from foxglove_msgs.msg import ImageAnnotations
from mcap.reader import make_reader
from message_fields import assert_same_bits
from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message
from recordings import PERIOD_NS, START_NS, STORE, bag_of, depth_of_face
from sensor_msgs.msg import CameraInfo, Image
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import MarkerArray

from facemesh_ros.cli.main import main
from facemesh_ros.msg import FaceMesh, FaceMeshArray, FaceMeshInfo

# Longer than a face takes to be confirmed, to coast and to be deleted.
FRAMES = 16
LANDMARKS, INFO, MARKERS = '/facemesh/landmarks', '/facemesh/info', '/facemesh/markers'
ANNOTATIONS = '/facemesh/annotations'
TYPES = {
    LANDMARKS: FaceMeshArray,
    INFO: FaceMeshInfo,
    MARKERS: MarkerArray,
    ANNOTATIONS: ImageAnnotations,
    '/tf': TFMessage,
}
# Of the run, not of the images: times, counts of what a node has lost.
OF_THE_RUN = {'latency', 'dropped_images', 'lost_images', 'failed_images', 'provider_report'}
ALL = QoSProfile(depth=2 * FRAMES)


@pytest.fixture(scope='module')
def frames(astronaut_bgr) -> list[np.ndarray]:
    """A wall, a face that moves, a wall again, at which the face coasts and is given up."""
    head = np.ascontiguousarray(astronaut_bgr[10:250, 60:380])
    wall = np.full_like(head, 128)
    moving = [np.roll(head, 3 * number, axis=1) for number in range(6)]
    return [wall, *moving, *[wall] * (FRAMES - 1 - len(moving))]


def depths_mm_of(frames: list[np.ndarray]) -> list[np.ndarray]:
    """Registered depth images: the face is a little farther than one of the usual size."""
    bag_of(frames[1:2], '/image_raw').write(Path('first'))
    assert main(['run', 'first', '--jsonl', 'first.jsonl', '--model', 'mesh']) == 0
    (line,) = [json.loads(line) for line in Path('first.jsonl').read_text().splitlines()]
    depth = depth_of_face(line['faces'][0], (320, 240), 1.1)
    return [np.roll(depth, 3 * max(0, number - 1), axis=1) for number in range(FRAMES)]


def written(path: Path) -> dict[str, list[Any]]:
    """The messages of a recording by topic, as rclpy reads them."""
    found: dict[str, list[Any]] = {topic: [] for topic in TYPES}
    with path.open('rb') as file:
        for schema, channel, message in make_reader(file).iter_messages():
            if channel.topic in TYPES:
                kind = TYPES[channel.topic]
                package = kind.__module__.split('.')[0]
                assert schema.name == f'{package}/msg/{kind.__name__}'
                found[channel.topic].append(deserialize_message(message.data, kind))
    return found


def played(client, bag) -> dict[str, list[Any]]:
    """What a node publishes for a recording of which it gets each image after its last answer."""
    received: dict[str, list[Any]] = {topic: [] for topic in TYPES}
    for topic, kind in TYPES.items():
        if topic != INFO:
            client.create_subscription(kind, topic, received[topic].append, ALL)
    publishers = {
        topic: client.create_publisher(kind, topic, 1)
        for topic, kind in (
            ('/image_raw', Image),
            ('/camera_info', CameraInfo),
            ('/depth/image_raw', Image),
        )
    }
    for topic, publisher in publishers.items():
        client.wait_until(publisher.get_subscription_count, f'the subscription to {topic}')
    client.wait_until(
        lambda: all(client.count_publishers(topic) for topic in TYPES), 'the outputs'
    )
    client.spin_for(1.0)  # both sides know each other
    for number in range(FRAMES):
        stamp_ns = START_NS + number * PERIOD_NS
        of_stamp = [one for one in bag.sent if stamp_of(one.msg) == stamp_ns]
        # The image last: what belongs to it has come when it is asked for.
        for one in sorted(of_stamp, key=lambda one: one.topic == '/image_raw'):
            cdr = STORE.serialize_cdr(one.msg, one.msg.__msgtype__)
            publishers[one.topic].publish(bytes(cdr))
            client.spin_for(0.1)
        for topic in (LANDMARKS, MARKERS, ANNOTATIONS):
            is_answered = partial(has_more_than, received[topic], number)
            client.wait_until(is_answered, f'{topic} of image {number}')
    client.spin_for(0.3)
    client.wait_until(lambda: client.infos, 'the info')
    received[INFO] = client.infos[-1:]
    return received


def has_more_than(messages: list[Any], count: int) -> bool:
    return len(messages) > count


def stamp_of(msg: Any) -> int:
    return msg.header.stamp.sec * 10**9 + msg.header.stamp.nanosec


def test_every_message_is_that_of_a_live_node(
    client, start_node, frames, tmp_path, monkeypatch, require_models
):
    require_models('v2', 'mesh', 'blendshapes')
    monkeypatch.chdir(tmp_path)
    bag = bag_of(frames, '/image_raw', depths_mm=depths_mm_of(frames))
    bag.write(Path('bag'))
    assert main(['run', 'bag', '--bag', 'out.mcap', '--model', 'v2']) == 0
    start_node('landmark_model:=v2')
    live, found = played(client, bag), written(Path('out.mcap'))
    for topic in TYPES:
        assert len(found[topic]) == len(live[topic]), topic
        for one, other in zip(found[topic], live[topic], strict=True):
            if topic == INFO:
                one.header = other.header  # when it was published
            assert_same_bits(one, other, OF_THE_RUN)
    faces = [face for msg in live[LANDMARKS] for face in msg.faces]
    # The comparison has seen something: births, metres, expressions, coasting, deletions.
    assert {face.state for face in faces} == {0, 1, 2}
    assert FaceMesh.METRIC_DEPTH in {face.metric_source for face in faces}
    assert all(len(face.blendshapes) == 52 for face in faces)
    assert len(live['/tf']) == 6
    actions = {marker.action for msg in live[MARKERS] for marker in msg.markers}
    assert actions == {0, 2}


def test_the_recorded_messages_are_there_unchanged(frames, tmp_path, monkeypatch, model_store):
    monkeypatch.chdir(tmp_path)
    bag = bag_of(frames[:3], '/image_raw')
    original = bag.write(Path('bag'))
    assert main(['run', 'bag', '--bag', 'out.mcap', '--model', 'mesh']) == 0

    def messages_of(path: Path) -> dict[str, list[tuple[int, bytes]]]:
        found: dict[str, list[tuple[int, bytes]]] = {}
        with path.open('rb') as file:
            for schema, channel, message in make_reader(file).iter_messages():
                key = f'{channel.topic} {schema.name} {channel.message_encoding}'
                found.setdefault(key, []).append((message.log_time, message.data))
        return found

    before, after = messages_of(original), messages_of(Path('out.mcap'))
    assert {key: after[key] for key in before} == before
    # What is published for an image comes with it when the recording is played.
    added = {key.split()[0]: after[key] for key in after.keys() - before.keys()}
    image_times = [time for time, _ in before['/image_raw sensor_msgs/msg/Image cdr']]
    assert [time for time, _ in added[LANDMARKS]] == image_times
