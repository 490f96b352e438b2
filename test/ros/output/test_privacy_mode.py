"""With `privacy_mode` no pixel leaves the node, whoever subscribes; all else goes on."""

from __future__ import annotations

import numpy as np
import pytest
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2
from visualization_msgs.msg import MarkerArray

from facemesh_ros.geometry.canonical_face import load_topology
from facemesh_ros.ros.input.topics import type_name
from facemesh_ros.ros.output.shown_topics import shown_topics

PIXELS = {'facemesh/debug_image': Image, 'facemesh/debug_image/compressed': CompressedImage}
GOES_ON = {'facemesh/markers': MarkerArray, 'facemesh/points': PointCloud2}
SECRET = b'pixels of somebody'


@pytest.fixture(scope='module')
def node(start_node):
    return start_node('landmark_model:=attention', 'privacy_mode:=true')


def published(client) -> dict[str, list[str]]:
    client.wait_until(lambda: 'facemesh' in client.get_node_names(), 'the name of the node')
    return dict(client.get_publisher_names_and_types_by_node('facemesh', '/'))


def test_no_topic_with_pixels_is_offered_and_the_others_go_on(client, face_msg, node):
    received = {topic: [] for topic in (*PIXELS, *GOES_ON)}
    for topic, kind in {**PIXELS, **GOES_ON}.items():
        client.create_subscription(kind, topic, received[topic].append, qos_profile_sensor_data)

    def shown():
        image = face_msg()
        k = [500.0, 0.0, 255.5, 0.0, 500.0, 255.5, 0.0, 0.0, 1.0]
        client.camera_infos.publish(CameraInfo(header=image.header, width=512, height=512, k=k))
        client.answer_to(image)
        return all(received[topic] for topic in GOES_ON)

    client.wait_until(shown, 'markers and points')
    assert client.answers[-1].faces
    assert not any(received[topic] for topic in PIXELS)
    assert [client.count_publishers(topic) for topic in PIXELS] == [0, 0]
    offered = published(client)
    assert {f'/{topic}' for topic in GOES_ON} <= offered.keys()
    images = {type_name(kind) for kind in PIXELS.values()}
    assert not images & {kind for kinds in offered.values() for kind in kinds}


def test_it_cannot_be_lifted_while_the_node_runs(client, node):
    answer = client.set_parameter('privacy_mode', bool_value=False)
    assert not answer.successful
    assert 'read-only' in answer.reason


def test_what_cannot_be_read_is_named_and_not_shown(client, node):
    """Nor do log and diagnostics repeat an image that is refused."""
    data = SECRET * 100
    image = Image(header=client.header(), encoding='bgr8', width=640, height=480, step=1920)
    image.data = data
    client.status_after(image, 'bgr8')
    told = node.log + str(client.status)
    assert SECRET.decode() not in told
    assert str(list(SECRET)[:8])[1:-1] not in told


def test_images_are_the_only_topics_that_privacy_leaves_out(node, client):
    topology, log = load_topology(478), client.get_logger()
    public = shown_topics(topology, log, privacy_mode=False)
    private = shown_topics(topology, log, privacy_mode=True)
    left_out = {topic.name for topic in public} - {topic.name for topic in private}
    assert left_out == {'debug_image', 'debug_image/compressed'}
    # Whoever adds a topic of images must say that it shows pixels.
    of_images = {topic.name for topic in public if topic.msg_type in PIXELS.values()}
    assert of_images == left_out


def test_without_it_they_are_offered(client, start_node, face_msg, node):
    node.stop()
    start_node('landmark_model:=attention')
    pictures = []
    client.create_subscription(
        Image, 'facemesh/debug_image', pictures.append, qos_profile_sensor_data
    )
    client.wait_until(lambda: client.answer_to(face_msg()) and pictures, 'the debug image')
    assert np.asarray(pictures[0].data).size == 512 * 512 * 3
