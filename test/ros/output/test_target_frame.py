"""Markers and points in the robot's own frame, which tf2 tells."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import TransformStamped
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, PointCloud2
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import Marker, MarkerArray

from test.ros.conftest import FRAME_ID, LATCHED
from test.ros.output.validity import violations

CLOUD = np.dtype([('xyz', '<f4', 3), ('index', '<u4'), ('face', '<u4')])
STAND_IN = Path(__file__).parents[1] / 'stand_in'
HAS_TF2 = importlib.util.find_spec('tf2_ros') is not None
# A camera 1.2 m above the robot's base that looks ahead: its z is the base's x, its x the base's
# -y, its y the base's -z.
CAMERA_ABOVE_M = 1.2
BASE_FROM_OPTICAL = np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]])


def base_to_camera() -> TransformStamped:
    msg = TransformStamped(child_frame_id=FRAME_ID)
    msg.header.frame_id = 'base_link'
    msg.transform.translation.z = CAMERA_ABOVE_M
    turn = msg.transform.rotation
    turn.x, turn.y, turn.z, turn.w = -0.5, 0.5, -0.5, 0.5
    return msg


@pytest.fixture(scope='module')
def node(start_node):
    paths = [str(STAND_IN)] * (not HAS_TF2) + [os.environ.get('PYTHONPATH', '')]
    environment = {'PYTHONPATH': os.pathsep.join(filter(None, paths))}
    return start_node(
        'landmark_model:=attention', 'target_frame:=base_link', environment=environment
    )


@pytest.fixture
def seen(client, face_msg, node):
    """Show a face in a calibrated camera; return its answer, its points and its markers."""
    clouds, markers = [], []
    client.create_subscription(PointCloud2, 'facemesh/points', clouds.append, 10)
    client.create_subscription(MarkerArray, 'facemesh/markers', markers.append, 10)
    k = [500.0, 0.0, 255.5, 0.0, 500.0, 255.5, 0.0, 0.0, 1.0]

    def show(frame_id, shift_s=0):
        """Until they are given in a frame."""
        found = []

        def shown():
            image = face_msg()
            image.header.stamp.sec += shift_s
            info = CameraInfo(header=image.header, width=512, height=512, k=k)
            client.camera_infos.publish(info)
            answer = client.answer_to(image)
            client.spin_for(0.2)
            found[:] = [
                (answer, cloud, markers[-1])
                for cloud in clouds
                if cloud.header.stamp == image.header.stamp
                and answer.faces[0].metric_source
                and cloud.header.frame_id == frame_id
            ]
            # One that was sent again before its answer came has several.
            return len(found) == 1

        client.wait_until(shown, f'points in {frame_id}')
        assert [violations(msg) for msg in (*clouds, *markers)] == [[]] * len(clouds + markers)
        return found[-1]

    return show


def optical_m(answer) -> np.ndarray:
    return np.asarray(answer.faces[0].landmarks_metric).reshape(-1, 3)


def test_without_a_way_to_the_frame_they_stay_in_the_cameras(client, seen, node):
    answer, cloud, _ = seen(FRAME_ID)
    np.testing.assert_array_equal(np.frombuffer(cloud.data, CLOUD)['xyz'], optical_m(answer))
    reason = f"tf2 has no transform from '{FRAME_ID}' to the target_frame 'base_link'"
    client.wait_until(
        lambda: (
            client.status
            and client.status.level == DiagnosticStatus.WARN
            and reason in client.status.message
        ),
        'the reason',
    )
    seen(FRAME_ID)
    client.wait_until(lambda: reason in node.log, 'the reason in the log')
    assert node.log.count(reason) == 1


@pytest.mark.parametrize('topic', ['/tf', '/tf_static'])
def test_they_are_where_the_face_is_in_the_robots_frame(client, seen, topic):
    """The message stays in the camera's frame; a moving camera's last known place counts."""
    qos = LATCHED if topic == '/tf_static' else QoSProfile(depth=10)
    publisher = client.create_publisher(TFMessage, topic, qos)
    client.wait_until(publisher.get_subscription_count, 'the listener')
    publisher.publish(TFMessage(transforms=[base_to_camera()]))
    answer, cloud, markers = seen('base_link')
    assert answer.header.frame_id == FRAME_ID
    assert cloud.header.stamp == answer.header.stamp
    expected_m = optical_m(answer) @ BASE_FROM_OPTICAL.T + (0, 0, CAMERA_ABOVE_M)
    found_m = np.frombuffer(cloud.data, CLOUD)['xyz']
    np.testing.assert_allclose(found_m, expected_m, atol=1e-6)
    assert {marker.header.frame_id for marker in markers.markers} == {'base_link'}
    (axes,) = (one for one in markers.markers if (one.ns, one.action) == ('axes', Marker.ADD))
    position = answer.faces[0].pose.pose.position
    origin = axes.points[0]
    assert [origin.x, origin.y, origin.z] == pytest.approx(
        [position.z, -position.x, CAMERA_ABOVE_M - position.y]
    )
    # She looks at the camera, so her face points back along the base's x, and her up is up.
    x_end, z_end = axes.points[1], axes.points[5]
    assert x_end.x < origin.x - 0.08
    assert z_end.z > origin.z + 0.08
    client.status = None
    client.wait_until(lambda: client.status and 'tf2' not in client.status.message, 'no reason')


def test_images_with_stamps_before_1970_are_shown_too(client, seen, node):
    """A driver without a clock that is set; rclpy's own times begin in 1970."""
    publisher = client.create_publisher(TFMessage, '/tf_static', LATCHED)
    client.wait_until(publisher.get_subscription_count, 'the listener')
    publisher.publish(TFMessage(transforms=[base_to_camera()]))
    answer, cloud, _ = seen('base_link', shift_s=-2 * 10**9)
    assert cloud.header.stamp == answer.header.stamp
    assert answer.header.stamp.sec < 0
    assert answer.failed_images == 0
    assert 'Traceback' not in node.log


@pytest.mark.skipif(HAS_TF2, reason='tf2_ros is installed')
def test_without_tf2_a_target_frame_is_refused_with_the_way_out(start_node):
    node = start_node('target_frame:=base_link')
    assert node.process.wait(30) == 1
    assert "target_frame 'base_link' needs tf2_ros, which is not installed" in node.log
    assert 'leave target_frame empty' in node.log
    assert 'Traceback' not in node.log
