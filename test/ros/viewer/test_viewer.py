"""What a viewer is shown of running nodes: faces with the very images that they were found in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rclpy
from mcap.reader import make_reader
from rclpy.qos import QoSReliabilityPolicy
from recordings import bag_of

from facemesh_ros.cli.main import main
from facemesh_ros.msg import FaceMeshArray
from facemesh_ros.ros.demo.camera_node import VGA_WH
from facemesh_ros.ros.input.image_conversion import ns_from_stamp
from facemesh_ros.ros.output.messages import class_of
from facemesh_ros.ros.viewer.topics_of_faces import images_of
from test.ros.conftest import LATCHED
from test.ros.viewer.camera import PERIOD_S, Camera, with_picture


@pytest.fixture(scope='module')
def node(start_node, require_package):
    require_package('skimage.data')
    return start_node()


def test_faces_come_with_the_very_image_they_were_found_in(node, client, start_viewer):
    camera, viewer = Camera(client), start_viewer()
    camera.send_until(lambda: len(with_picture(viewer.view.seen)) > 5, 'images with faces')
    for seen in with_picture(viewer.view.seen):
        assert np.array_equal(seen.frame.image, camera.sent[seen.stamp_ns])
        assert seen.stamp_ns == ns_from_stamp(seen.msg.header)
        assert seen.stream == '/facemesh'
        assert seen.camera is not None
    last = viewer.view.seen[-1]
    assert last.msg.faces
    assert last.info.model
    # The middle of the camera looks along its axis.
    middle = np.array([[(VGA_WH[0] - 1) / 2, (VGA_WH[1] - 1) / 2]])
    np.testing.assert_allclose(last.camera.rays_from_pixels(middle), [[0, 0, 1]], atol=1e-3)


def test_nobody_waits_for_a_viewer(node, client, start_viewer):
    """Its subscriptions are best effort; it shows what is newest when it has time for it."""
    camera, viewer = Camera(client), start_viewer(takes_s=0.4)
    camera.send_until(lambda: len(with_picture(viewer.view.seen)) > 1, 'images with faces')
    for topic in ('facemesh/landmarks', 'image_raw', 'camera_info'):
        (mine,) = [
            it.qos_profile
            for it in client.get_subscriptions_info_by_topic(f'/{topic}')
            if it.node_name == 'facemesh_view'
        ]
        assert mine.reliability == QoSReliabilityPolicy.BEST_EFFORT
    answered = len(client.answers)
    for _ in range(30):
        last = ns_from_stamp(camera.send())
        client.spin_for(PERIOD_S)
    client.wait_until(lambda: viewer.view.seen[-1].stamp_ns == last, 'the last image')
    shown = [it.stamp_ns for it in viewer.view.seen]
    assert shown == sorted(shown)
    assert len(shown) < len(client.answers) - answered


def test_a_viewer_that_is_closed_or_fails_ends_its_node(node, client, start_viewer):
    closed = start_viewer()
    closed.view.has_ended = True
    client.wait_until(lambda: not closed.context.ok(), 'the end of the node')
    assert closed.node.error is None
    failing = start_viewer()
    failing.view.show = lambda seen: 1 / 0
    camera = Camera(client)
    camera.send_until(lambda: not failing.context.ok(), 'the end of the node')
    assert isinstance(failing.node.error, ZeroDivisionError)


def test_faces_without_images_are_shown_alone(client, start_viewer, capfd):
    """As of a node on another machine whose camera is not to be seen here."""
    viewer = start_viewer('/elsewhere/landmarks')
    publisher = client.create_publisher(FaceMeshArray, '/elsewhere/landmarks', 1)

    def is_shown():
        publisher.publish(FaceMeshArray(header=client.header(), image_width=4, image_height=3))
        client.spin_for(PERIOD_S)
        return viewer.view.seen

    client.wait_until(is_shown, 'faces')
    (seen, *_) = viewer.view.seen
    assert (seen.stream, seen.frame, seen.camera) == ('/elsewhere', None, None)
    told = ''

    def is_told():
        nonlocal told
        is_shown()
        told += capfd.readouterr().err
        return '--image-topic' in told

    client.wait_until(is_told, 'the reason')
    client.destroy_publisher(publisher)


def test_a_named_topic_of_images_counts(client, start_viewer):
    """Also one that the publisher of the faces does not read itself."""
    viewer = start_viewer('/elsewhere/landmarks', image_topic='/image_raw')
    publisher = client.create_publisher(FaceMeshArray, '/elsewhere/landmarks', 1)
    camera = Camera(client)

    def is_shown():
        header = camera.send()
        publisher.publish(FaceMeshArray(header=header, image_width=640, image_height=480))
        client.spin_for(PERIOD_S)
        return with_picture(viewer.view.seen)

    client.wait_until(is_shown, 'an image with faces')
    (seen, *_) = with_picture(viewer.view.seen)
    assert np.array_equal(seen.frame.image, camera.sent[seen.stamp_ns])
    assert seen.camera is not None
    client.destroy_publisher(publisher)


def test_a_publisher_whose_node_is_not_known_yet_is_asked_again_later(node, client, monkeypatch):
    """Endpoints are discovered before the names of their nodes."""
    client.wait_until(lambda: images_of(client, '/facemesh/landmarks'), 'the images')
    (known,) = client.get_publishers_info_by_topic('/facemesh/landmarks')
    known.node_name, known.node_namespace = '_NODE_NAME_UNKNOWN_', '_NODE_NAMESPACE_UNKNOWN_'
    monkeypatch.setattr(client, 'get_publishers_info_by_topic', lambda topic: [known])
    assert images_of(client, '/facemesh/landmarks') is None
    known.node_name, known.node_namespace = 'gone', '/'
    assert images_of(client, '/facemesh/landmarks') is None


def test_a_recording_that_is_played_is_shown_as_a_node_is(
    client, start_viewer, astronaut_bgr, tmp_path, monkeypatch
):
    """As `ros2 bag play` does it: one node publishes all, with the quality of the recording."""
    monkeypatch.chdir(tmp_path)
    bag_of([np.ascontiguousarray(astronaut_bgr[10:250, 60:380])] * 3).write(Path('bag'))
    assert main(['run', 'bag', '--bag', 'out.mcap', '--model', 'mesh']) == 0
    player, viewer = (
        rclpy.create_node('rosbag2_player'),
        start_viewer('/played/facemesh/landmarks'),
    )
    with open('out.mcap', 'rb') as file:
        messages = list(make_reader(file).iter_messages())
    publishers = {}
    for schema, channel, _ in messages:
        latched = 'durability: 1' in channel.metadata.get('offered_qos_profiles', '')
        publishers.setdefault(
            channel.topic,
            player.create_publisher(
                class_of(schema.name), f'/played{channel.topic}', LATCHED if latched else 5
            ),
        )

    def is_shown():
        for _, channel, message in messages:
            publishers[channel.topic].publish(message.data)
            client.spin_for(0.01)
        return [it for it in with_picture(viewer.view.seen) if it.info and it.msg.faces]

    client.wait_until(is_shown, 'faces with their images')
    seen = is_shown()[-1]
    assert seen.camera is not None
    assert seen.info.model == 'mesh'
    player.destroy_node()


def test_what_is_waited_for_is_told(client, start_viewer, capfd):
    told = ''

    def is_told(text):
        nonlocal told
        told += capfd.readouterr().err
        return text in told

    start_viewer('/nowhere/landmarks')
    client.wait_until(lambda: is_told('waiting for /nowhere/landmarks'), 'the name')
    publisher = client.create_publisher(FaceMeshArray, '/elsewhere/landmarks', 1)
    client.wait_until(lambda: is_told('/elsewhere/landmarks'), 'what there is')
    assert 'nobody publishes /nowhere/landmarks; there are faces on ' in told
    client.destroy_publisher(publisher)
