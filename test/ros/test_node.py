"""One node process as its consumers see it: an image in, faces out."""

from __future__ import annotations

import math
import re
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import CameraInfo, CompressedImage, PointCloud2
from std_srvs.srv import SetBool, Trigger
from visualization_msgs.msg import Marker, MarkerArray

from facemesh_ros.msg import FaceMesh
from facemesh_ros.ros.input.image_conversion import msg_from_bgr

GOLDENS = Path(__file__).parents[1] / 'golden'

# What `auto` takes, by which of the two is the quicker one.
ON_A_CPU = ('CPUExecutionProvider', 'OpenVINOExecutionProvider')


@pytest.fixture(scope='module', autouse=True)
def node(start_node):
    return start_node('landmark_model:=attention')


def points_of(face: FaceMesh) -> np.ndarray:
    return np.asarray(face.landmarks).reshape(face.landmark_count, 3)


def collect(client, kind, topic):
    """Subscribe and return the list that fills."""
    received = []
    client.create_subscription(kind, topic, received.append, 10)
    return received


def test_landmarks_are_those_of_mediapipe(client, face_msg):
    image = face_msg()
    answer = client.answer_to(image)
    assert answer.header == image.header
    assert (answer.image_width, answer.image_height) == (512, 512)
    (face,) = answer.faces
    golden = np.load(GOLDENS / 'mediapipe_0_10_21_attention.npz')['skimage.data.astronaut'][0]
    # In a stream the crop follows the landmarks, where the golden's is the detector's; test/golden
    # compares the same crops.
    assert np.median(np.linalg.norm((points_of(face) - golden)[:, :2], axis=1)) <= 1


def test_fields_of_a_face(client, face_msg):
    assert client.call(Trigger, 'facemesh/reset', Trigger.Request()).success
    seen = [client.answer_to(face_msg()).faces[0] for _ in range(3)]
    new, face = seen[0], seen[-1]
    assert [new.state, face.state] == [FaceMesh.STATE_TENTATIVE, FaceMesh.STATE_TRACKED]
    assert 0.5 < new.detection_score <= 1
    points = points_of(face)
    assert face.landmark_count == 478
    assert 0.5 < face.presence <= 1
    assert face.box == pytest.approx([*points[:, :2].min(axis=0), *points[:, :2].max(axis=0)])
    centre_x, centre_y, width, height, rotation = face.roi
    assert face.box[0] < centre_x < face.box[2]
    assert face.box[1] < centre_y < face.box[3]
    assert width > face.box[2] - face.box[0]
    assert height > face.box[3] - face.box[1]
    assert abs(rotation) < 0.2  # she holds her head upright
    assert face.metric_source == FaceMesh.METRIC_NONE
    assert len(face.landmarks_metric) == 0
    assert len(face.blendshapes) == 0  # they come with v2
    assert all(map(math.isnan, [*face.gaze_left, *face.gaze_right, face.reprojection_error]))


def test_an_image_without_a_face_is_answered_too(client):
    grey = msg_from_bgr(np.full((240, 320, 3), 128, np.uint8), client.header())
    answer = client.answer_to(grey)
    assert list(answer.faces) == []
    assert (answer.image_width, answer.image_height) == (320, 240)


def test_latency_is_unknown_without_a_stamp(client, face_msg):
    image = face_msg()
    image.header.stamp.sec = image.header.stamp.nanosec = 0
    assert math.isnan(client.answer_to(image).latency)


def test_latency_counts_from_the_stamp(client, face_msg):
    image = face_msg()
    image.header.stamp = client.get_clock().now().to_msg()
    image.header.stamp.sec -= 1000
    assert 1000 <= client.answer_to(image).latency < 1100


def test_a_stream_that_starts_over_begins_anew(client, face_msg):
    before = client.answer_to(face_msg()).faces[0]
    image = face_msg()
    image.header.stamp.sec = 1000  # as a bag that is played again
    after = client.answer_to(image).faces[0]
    assert after.id > before.id
    assert after.state == FaceMesh.STATE_TENTATIVE
    assert np.isfinite(points_of(after)).all()
    assert np.abs(points_of(after) - points_of(before)).max() < 5  # the same picture


def test_images_that_are_too_old_are_skipped(client, face_msg):
    assert client.set_parameter('max_image_age', double_value=10.0).successful
    old = face_msg()
    old.header.stamp = client.get_clock().now().to_msg()
    old.header.stamp.sec -= 20
    client.answers.clear()
    for _ in range(10):
        client.send(old)
        client.spin_for(0.1)
    assert client.answers == []
    new = face_msg()
    new.header.stamp = client.get_clock().now().to_msg()
    assert client.answer_to(new).faces
    client.wait_until(lambda: int(client.figures['images too old']) > 0, 'the count')
    assert client.set_parameter('max_image_age', double_value=0.0).successful
    assert client.answer_to(face_msg()).faces


def test_a_face_keeps_its_id_until_reset(client, face_msg):
    first, second = (client.answer_to(face_msg()).faces[0] for _ in range(2))
    assert second.id == first.id
    assert second.age > first.age
    assert client.call(Trigger, 'facemesh/reset', Trigger.Request()).success
    third = client.answer_to(face_msg()).faces[0]
    assert third.id > first.id
    assert third.age < second.age


def test_disabled_it_publishes_nothing(client, face_msg):
    client.answer_to(face_msg())
    assert client.call(SetBool, 'facemesh/enable', SetBool.Request(data=False)).success
    client.spin_for(0.5)  # what was under way
    client.answers.clear()
    image = face_msg()
    for _ in range(5):
        client.send(image)
        client.spin_for(0.1)
    assert client.answers == []
    assert client.call(SetBool, 'facemesh/enable', SetBool.Request(data=True)).success
    assert client.answer_to(image).faces


@pytest.mark.parametrize('encoding', ['yuv420', 'jpeg', '32FC3', ''])
def test_an_unknown_encoding_is_refused_by_name(client, face_msg, node, encoding):
    image = face_msg()
    image.encoding = encoding
    status = client.status_after(image, repr(encoding))
    assert status.level == DiagnosticStatus.ERROR
    assert 'bgr8' in status.message
    assert 'is not supported' in node.log
    assert client.answer_to(face_msg()).faces  # and the next good image is answered


def test_a_truncated_image_is_refused(client, face_msg):
    image = face_msg()
    image.data = image.data[:1000]
    assert client.status_after(image, '1000 bytes').level == DiagnosticStatus.ERROR
    assert client.answer_to(face_msg()).faces


def test_info_is_latched(client):
    client.wait_until(lambda: client.infos, 'the latched info')
    info = client.infos[0]
    assert (info.model, info.detector) == ('attention', 'auto: short_range+full_range')
    assert info.execution_provider in ON_A_CPU
    assert info.precision == 'fp32'
    assert info.model_sha256 == (
        'e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4'
    )
    assert max(info.edges) < 478
    assert max(info.triangles) < 478
    assert len(info.triangles) % 3 == len(info.edges) % 2 == 0
    assert len(info.region_of_landmark) == 478
    assert max(info.region_of_landmark) < len(info.region_names)
    assert list(info.blendshape_names) == []


def test_the_log_of_a_start_says_what_runs_and_where_it_listens(client, face_msg, node):
    """And no more than that."""
    client.answer_to(face_msg())
    client.wait_until(lambda: 'images arrive' in node.log, 'the line about the first image')
    # What killed processes have left is freed by whoever starts next.
    lines = re.findall(r'^\[INFO\](?!.* of shared memory freed).*$', node.log, re.M)
    topic = re.search(r'waiting for images on (\S+)', node.log)[1]
    assert topic.endswith('/image_raw')
    assert re.search(r'faces are published on \S*/facemesh/landmarks', node.log)
    assert re.search(
        rf'landmark model attention \(478 points\); on ({"|".join(ON_A_CPU)})', node.log
    )
    assert len(lines) == 4


def test_the_provider_report_is_in_info_diagnostics_and_log(client, node):
    client.wait_until(lambda: client.infos and client.figures, 'info and diagnostics')
    report = client.infos[-1].provider_report
    found = '|'.join(ON_A_CPU)
    assert re.match(rf'({found})(\+({found}))? on CPU; ', report)
    assert f'provider report: {report}' in node.log
    for model in ('attention', 'short_range', 'full_range'):
        line = client.figures[f'model {model}']
        assert re.fullmatch(
            rf'\d+ nodes on ({found}) in fp32, opened in \d+ ms, first inference \d+\.\d ms'
            r'( \((processor time measured here|OpenVINO was not tried): .*\))?',
            line,
        )
        assert f'{model}: {line}' in report
    assert client.figures['device'] == 'CPU'
    assert re.fullmatch(r'\d+ ms', client.figures['warm-up'])
    assert report.endswith(f'warm-up {client.figures["warm-up"]}')


def test_visualisation_is_built_only_for_subscribers(client, face_msg):
    client.answer_to(face_msg())
    client.figures.clear()
    client.wait_until(lambda: client.figures, 'diagnostics')
    assert 'landmarks (ms)' in client.figures
    before = {'markers (ms)', 'points (ms)', 'debug image (ms)'} & set(client.figures)
    assert before == set()

    markers = collect(client, MarkerArray, 'facemesh/markers')
    client.wait_until(lambda: client.answer_to(face_msg()) and markers, 'markers')
    client.figures.clear()
    client.wait_until(lambda: client.figures, 'diagnostics')
    assert 'markers (ms)' in client.figures
    assert 'debug image (ms)' not in client.figures


def test_markers_are_in_the_optical_frame(client, face_msg, node):
    received = collect(client, MarkerArray, 'facemesh/markers')
    image = face_msg()
    client.wait_until(lambda: client.answer_to(image) and received, 'markers')
    # Those of a face that was there before may be taken away in the same message.
    mesh, name = [one for one in received[-1].markers if one.action == Marker.ADD]
    assert mesh.header == name.header == image.header
    assert mesh.type == Marker.TRIANGLE_LIST
    assert len(mesh.points) == 3 * 898
    assert 0.2 < np.mean([point.z for point in mesh.points]) < 2.0
    assert name.text == client.answers[-1].faces[0].id
    assert node.log.count('no calibrated camera_info') == 1

    received.clear()
    grey = msg_from_bgr(np.full((240, 320, 3), 128, np.uint8), client.header())
    client.answer_to(grey)
    # Both images were sent until they were answered; more answers to either may arrive.
    gone = [Marker.DELETE, Marker.DELETE]
    client.wait_until(
        lambda: any([marker.action for marker in one.markers] == gone for one in received),
        'the end of the markers',
    )


def test_a_refused_calibration_stops_what_is_in_metres_and_nothing_else(client, face_msg, node):
    received = collect(client, PointCloud2, 'facemesh/points')
    markers = collect(client, MarkerArray, 'facemesh/markers')
    client.wait_until(lambda: client.camera_infos.get_subscription_count(), 'a subscription')

    def calibrated(fx):
        k = [fx, 0.0, 255.5, 0.0, fx, 255.5, 0.0, 0.0, 1.0]
        client.camera_infos.publish(CameraInfo(width=512, height=512, k=k))
        return client.answer_to(face_msg())

    client.wait_until(lambda: calibrated(500.0) and received and markers, 'points and markers')
    reason = "K's focal lengths are not positive (fx -500"
    client.wait_until(lambda: calibrated(-500.0) and reason in node.log, 'the reason in the log')
    client.spin_for(0.5)
    received.clear()
    markers.clear()
    for _ in range(3):
        assert len(calibrated(-500.0).faces) == 1
    client.spin_for(0.5)
    assert (received, markers) == ([], [])
    assert node.log.count(reason) == 1
    client.wait_until(lambda: calibrated(500.0) and received and markers, 'points and markers')


def test_blendshapes_come_with_v2(client, start_node, face_msg, node, require_models):
    require_models('v2', 'blendshapes')
    node.stop()
    # As MediaPipe processes a picture.
    with_v2 = start_node('landmark_model:=v2', 'detector:=short_range', 'second_look:=false')
    client.wait_until(
        lambda: client.infos and client.infos[-1].model == 'v2', 'the info of the new node'
    )
    info = client.infos[-1]
    (face,) = client.answer_to(face_msg()).faces
    golden = np.load(GOLDENS / 'mediapipe_1_2_2_blendshapes.npz')['skimage.data.astronaut'][0]
    assert np.asarray(face.blendshapes) == pytest.approx(golden, abs=0.02)
    scores = dict(zip(info.blendshape_names, face.blendshapes, strict=True))
    assert min(scores['mouthSmileLeft'], scores['mouthSmileRight']) > 0.5
    with_v2.stop()


def test_compressed_images(client, start_node, astronaut_bgr, node):
    node.stop()
    node = start_node('landmark_model:=attention', 'image_transport:=compressed')
    client.wait_until(lambda: client.infos, 'the node')
    jpeg = cv2.imencode('.jpg', astronaut_bgr)[1].tobytes()
    msg = CompressedImage(header=client.header(), format='jpeg', data=jpeg)
    assert len(client.answer_to(msg).faces) == 1
    broken = CompressedImage(header=client.header(), format='jpeg', data=jpeg[:100])
    assert client.status_after(broken, 'JPEG').level == DiagnosticStatus.ERROR
    node.stop()


def huge_png() -> bytes:
    """A picture of 32000x32000 px in 125 kB, as the PNG specification has it."""
    rows = zlib.compress(bytes(4001 * 32000), 9)
    header = struct.pack('>IIBBBBB', 32000, 32000, 1, 0, 0, 0, 0)
    parts = [
        struct.pack('>I', len(content))
        + name
        + content
        + struct.pack('>I', zlib.crc32(name + content))
        for name, content in ((b'IHDR', header), (b'IDAT', rows), (b'IEND', b''))
    ]
    return b'\x89PNG\r\n\x1a\n' + b''.join(parts)


def peak_mb(process_id: int) -> float:
    text = Path(f'/proc/{process_id}/status').read_text()
    return int(re.search(r'VmHWM:\s+(\d+) kB', text).group(1)) / 1000


def test_compressed_images_have_a_size_limit(client, start_node, astronaut_bgr):
    node = start_node(
        'landmark_model:=mesh', 'detector:=short_range', 'image_transport:=compressed'
    )
    png = cv2.imencode('.png', astronaut_bgr)[1].tobytes()

    def msg(content):
        return CompressedImage(header=client.header(), format='png', data=content)

    assert client.answer_to(msg(png)).faces
    before_mb = peak_mb(node.process.pid)
    status = client.status_after(msg(huge_png()), '1024.0 megapixels')
    assert status.level == DiagnosticStatus.ERROR
    assert '32000x32000' in status.message
    assert 'limit of 40; max_image_megapixels allows more' in status.message
    assert peak_mb(node.process.pid) < before_mb + 100

    assert client.set_parameter('max_image_megapixels', double_value=0.2).successful
    assert client.status_after(
        msg(png), '512x512 px has 0.3 megapixels, more than the limit of 0.2'
    )
    assert client.set_parameter('max_image_megapixels', double_value=40.0).successful
    assert client.answer_to(msg(png)).faces
    assert not client.set_parameter('max_image_megapixels', double_value=0.0).successful
