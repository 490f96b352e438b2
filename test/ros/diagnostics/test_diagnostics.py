"""Problems of a running node in its log, diagnostics and counters."""

from __future__ import annotations

import re

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from std_srvs.srv import SetBool, Trigger
from visualization_msgs.msg import MarkerArray

from facemesh_ros.ros.diagnostics.stream_status import LOG_PERIOD_S

OK, WARN = DiagnosticStatus.OK, DiagnosticStatus.WARN
ERROR, STALE = DiagnosticStatus.ERROR, DiagnosticStatus.STALE


@pytest.fixture(scope='module', autouse=True)
def node(start_node):
    return start_node('landmark_model:=mesh')


def broken(image):
    image.encoding = '32FC1'
    return image


def truncated(image):
    image.data = image.data[:1000]
    return image


def change(client, transition):
    request = ChangeState.Request(transition=Transition(id=transition))
    assert client.call(ChangeState, 'facemesh/change_state', request).success


def test_before_the_first_image_it_warns(client, node):
    client.wait_until(lambda: client.status, 'diagnostics')
    assert client.status.level == WARN
    assert 'image_raw' in client.status.message
    client.wait_until(
        lambda: client.status and 'no image has arrived' in client.status.message, 'the reason'
    )
    client.wait_until(lambda: '/client_ publishes /image_raw' in node.log, 'the reason in the log')


def test_all_images_failed_is_an_error_half_a_warning_and_none_ok(client, face_msg, node):
    client.status_after(face_msg(), 'face(s)', OK)
    for spoil, text in ((broken, "'32FC1'"), (truncated, '1000 bytes')):
        client.status_after(spoil(face_msg()), text, ERROR)

    def warned():
        client.send(face_msg())
        client.spin_for(0.2)
        client.send(broken(face_msg()))
        client.spin_for(0.2)
        return client.status.level == WARN and 'images failed: ' in client.status.message

    client.wait_until(warned, 'the warning')
    before = int(client.figures['images failed'])
    assert client.answer_to(face_msg()).failed_images >= before > 0
    status = client.status_after(face_msg(), '1 face(s)', OK)
    # Nothing of failures; there is no camera_info, and that is said.
    assert re.fullmatch(r'1 face\(s\); no calibrated camera_info: [^;]*; [^;]*', status.message)


def test_one_reason_does_not_hide_another(client, face_msg, node):
    reasons = {
        "'purple8' is not supported": ('encoding', 'purple8'),
        "'8UC2' does not name": ('encoding', '8UC2'),
        'step is 1 bytes': ('step', 1),
    }

    def first_logged_s():
        for field, value in reasons.values():
            image = face_msg()
            setattr(image, field, value)
            client.send(image)
            client.spin_for(0.1)
        logged = [re.search(rf'\[([\d.]+)\] .*{reason}', node.log) for reason in reasons]
        return [float(line[1]) for line in logged] if all(logged) else []

    client.wait_until(first_logged_s, 'each reason')
    assert max(first_logged_s()) - min(first_logged_s()) < LOG_PERIOD_S


def test_disabled_and_enabled_again(client, face_msg):
    client.answer_to(face_msg())
    assert client.call(SetBool, 'facemesh/enable', SetBool.Request(data=False)).success
    status = client.status_after(face_msg(), 'disabled by ~/enable', WARN)
    assert 'lost' not in status.message
    assert client.call(SetBool, 'facemesh/enable', SetBool.Request(data=True)).success
    client.status_after(face_msg(), '1 face(s)', OK)


def test_counters_outlive_transitions_and_inactive_is_published_once(client, face_msg):
    client.status_after(broken(face_msg()), "'32FC1'", ERROR)
    before = client.answer_to(face_msg())
    assert before.failed_images > 0
    change(client, Transition.TRANSITION_DEACTIVATE)
    client.wait_until(lambda: client.status and client.status.level == STALE, 'the last status')
    assert 'inactive' in client.status.message
    client.status = None
    change(client, Transition.TRANSITION_CLEANUP)
    change(client, Transition.TRANSITION_CONFIGURE)
    assert client.status is None
    change(client, Transition.TRANSITION_ACTIVATE)
    assert client.call(Trigger, 'facemesh/reset', Trigger.Request()).success
    after = client.answer_to(face_msg())
    assert after.failed_images >= before.failed_images
    assert after.dropped_images >= before.dropped_images


@pytest.mark.parametrize(('kind', 'topic'), [(MarkerArray, 'markers'), (PointCloud2, 'points')])
@pytest.mark.parametrize('frame_id', ['', '/camera'])
def test_an_invalid_frame_id_is_reported_while_markers_or_points_are_subscribed_to(
    client, face_msg, node, kind, topic, frame_id
):
    def image():
        image = face_msg()
        image.header.frame_id = frame_id
        return image

    client.status_after(image(), '1 face(s)', OK)
    client.create_subscription(kind, f'facemesh/{topic}', lambda _: None, 10)
    status = client.status_after(image(), 'frame_id', WARN)
    assert 'RViz' in status.message
    assert client.answer_to(image()).header.frame_id == frame_id
    client.status_after(face_msg(), '1 face(s)', OK)
    text = f'frame_id of the images is {repr(frame_id) if frame_id else "empty"}'
    assert node.log.count(text) == 1


def test_a_refused_calibration_is_reported_until_it_is_right(client, face_msg):
    k = [500.0, 0.0, 255.5, 0.0, 500.0, 255.5, 0.0, 0.0, 1.0]

    def expect(height, text, level):
        """Publish a calibration for images 512 px wide until the diagnostics say so."""
        info = CameraInfo(width=512, height=height, k=k)

        def reached():
            client.camera_infos.publish(info)
            client.send(face_msg())
            client.spin_for(0.2)
            status = client.status
            return status and text in status.message and status.level == level

        client.wait_until(reached, text)

    expect(512, '1 face(s)', OK)
    expect(100, 'camera_info is not used', WARN)
    assert client.status.message.startswith('1 face(s); ')
    expect(512, '1 face(s)', OK)


def test_two_cameras_on_one_topic(client, face_msg):
    other = client.create_publisher(Image, 'image_raw', 1)

    def warned():
        client.send(face_msg())
        client.spin_for(0.1)
        other.publish(face_msg())
        client.spin_for(0.1)
        return client.status and '2 publishers on /image_raw' in client.status.message

    client.wait_until(warned, 'the warning')
    assert client.status.level == WARN
    client.destroy_publisher(other)
    client.status_after(face_msg(), '1 face(s)', OK)
