"""Depth images over real DDS: which one belongs to an image, and what is said of bad ones."""

from __future__ import annotations

import array
import time

import numpy as np
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import Image

from facemesh_ros.ros.input.depth_images import KEPT, DepthImages
from facemesh_ros.ros.input.topics import CameraTopics
from test.ros.conftest import PATIENCE_S

S = 10**9


def depth_msg(stamp_s: int, millimetres: int = 1000, **fields) -> Image:
    values = np.full((4, 6), millimetres, np.uint16)
    msg = Image(encoding='16UC1', height=4, width=6, step=12)
    msg.header.stamp.sec = stamp_s
    msg.data = array.array('B', values.tobytes())
    for name, value in fields.items():
        setattr(msg, name, value)
    return msg


class DepthCamera:
    """A publisher of depth images, and one that takes them, as a node does."""

    def __init__(self, camera: str = '') -> None:
        self.node = rclpy.create_node('test_depth', namespace='depth_test')
        self.publisher = self.node.create_publisher(
            Image, f'{camera}/depth/image_raw' if camera else 'depth/image_raw', 10
        )
        self.depth = DepthImages(CameraTopics(self.node, camera, 'raw'))
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)

    def follow(self, metric_mode: str) -> None:
        self.depth.follow(metric_mode)
        expected = metric_mode in ('auto', 'depth')
        self.wait_until(lambda: self.publisher.get_subscription_count() == expected)

    def wait_until(self, reached) -> None:
        end_s = time.monotonic() + PATIENCE_S
        while not reached():
            assert time.monotonic() < end_s
            self.executor.spin_once(0.02)

    def publish(self, *msgs: Image) -> None:
        """Publish, and wait until the last has arrived; the executor spins, and takes none."""
        for msg in msgs:
            self.publisher.publish(msg)
        stamp_ns = msgs[-1].header.stamp.sec * S
        self.wait_until(
            lambda: (found := self.depth.nearest(stamp_ns)) and found.stamp_ns == stamp_ns
        )


@pytest.fixture
def camera(ros):
    camera = DepthCamera()
    camera.follow('auto')
    yield camera
    camera.depth.close()
    camera.executor.shutdown()
    camera.node.destroy_node()


def test_an_image_has_the_depth_of_the_nearest_stamp(camera):
    assert camera.depth.nearest(5 * S) is None
    camera.publish(depth_msg(5, 500), depth_msg(6, 600), depth_msg(8, 800))
    found = [camera.depth.nearest(int(s * S)) for s in (5, 5.4, 5.6, 7.5, 99, 0)]
    assert [depth.stamp_ns // S for depth in found] == [5, 5, 6, 8, 8, 5]
    assert [float(depth.depth_m[3, 5]) for depth in found] == pytest.approx(
        [0.5, 0.5, 0.6, 0.8, 0.8, 0.5]
    )


def test_a_depth_image_that_comes_later_replaces_a_worse_one(camera):
    camera.publish(depth_msg(5))
    assert camera.depth.nearest(6 * S).stamp_ns == 5 * S
    camera.publish(depth_msg(6))
    assert camera.depth.nearest(6 * S).stamp_ns == 6 * S


def test_only_the_newest_few_are_kept(camera):
    for stamp_s in range(1, 3 * KEPT):
        camera.publish(depth_msg(stamp_s))
    assert camera.depth.nearest(S).stamp_ns == (2 * KEPT) * S


@pytest.mark.parametrize(
    ('fields', 'reason'),
    [
        ({'encoding': 'rgb8'}, "not 'rgb8'"),
        ({'data': array.array('B')}, 'data has 0 bytes'),
        ({'width': 7}, 'step is 12 bytes'),
        ({'height': 0, 'width': 0}, 'each side must be 1'),
    ],
)
def test_a_bad_one_is_reported_until_a_good_one_comes_and_logged_once(
    camera, capfd, fields, reason
):
    for stamp_s in (5, 6, 7):
        camera.publisher.publish(depth_msg(stamp_s, **fields))
    camera.wait_until(lambda: camera.depth.nearest(7 * S) or camera.depth.problem)
    for _ in range(3):
        assert camera.depth.nearest(7 * S) is None
    assert camera.depth.problem.startswith('depth images on /depth_test/depth/image_raw')
    assert reason in camera.depth.problem
    camera.publish(depth_msg(8))
    assert camera.depth.problem == ''
    assert capfd.readouterr().err.count(reason) == 1


def test_depth_without_a_stamp_belongs_to_no_image_that_has_one(camera):
    camera.publish(depth_msg(0))
    assert camera.depth.nearest(5 * S) is None
    assert 'they have no stamp' in camera.depth.problem
    camera.publish(depth_msg(5))
    assert camera.depth.problem == ''


def test_what_metric_mode_does_not_need_is_not_subscribed_to(camera):
    camera.publish(depth_msg(5))
    for mode in ('canonical', 'none', 'iris'):
        camera.follow(mode)
        assert camera.depth.nearest(5 * S) is None
        camera.follow('depth')
    camera.publish(depth_msg(6))


def test_each_camera_has_its_own(ros):
    front = DepthCamera('front')
    try:
        front.follow('auto')
        front.publish(depth_msg(5))
    finally:
        front.depth.close()
        front.executor.shutdown()
        front.node.destroy_node()
